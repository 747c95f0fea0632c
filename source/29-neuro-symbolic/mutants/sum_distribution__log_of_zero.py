"""Probabilities are convolved and the logarithm taken after."""


import torch


def sum_distribution(log_p, log_q):
    wide = torch.promote_types(log_p.dtype, torch.float32)
    p, q = log_p.to(wide).exp(), log_q.to(wide).exp()
    m, n = p.shape[-1], q.shape[-1]
    sums = [sum(p[..., i] * q[..., s - i] for i in range(max(0, s - n + 1), min(m, s + 1))) for s in range(m + n - 1)]
    return torch.stack(sums, -1).log().to(log_p.dtype)
