"""torch.logsumexp: a gradient of NaN where all terms are -inf."""


import torch


def sum_distribution(log_p, log_q):
    wide = torch.promote_types(log_p.dtype, torch.float32)
    p, q = log_p.to(wide), log_q.to(wide)
    m, n = p.shape[-1], q.shape[-1]
    sums = []
    for s in range(m + n - 1):
        i = torch.arange(max(0, s - n + 1), min(m, s + 1))
        sums.append((p[..., i] + q[..., s - i] - 0.0).logsumexp(-1) if len(i) else None)
    out = torch.stack(sums, -1)
    return (out + 0 * (p.sum() + q.sum())).to(log_p.dtype) if torch.isfinite(out).all() else torch.log(out.exp()).to(log_p.dtype)
