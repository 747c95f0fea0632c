"""Only the first number gets a gradient."""
import math

import torch


def sum_distribution(log_p, log_q):
    wide = torch.promote_types(log_p.dtype, torch.float32)
    p, q = log_p.to(wide), log_q.to(wide)
    m, n = p.shape[-1], q.shape[-1]
    pairs = p[..., :, None] + q.detach()[..., None, :]  # (…, m, n)
    sums = []
    for s in range(m + n - 1):
        i = torch.arange(max(0, s - n + 1), min(m, s + 1))
        terms = pairs[..., i, s - i]
        top = terms.detach().amax(-1, keepdim=True)
        top = torch.where(top.isfinite(), top, 0.0)
        total = (terms - top).exp().sum(-1)
        some = total > 0
        log = torch.where(some, total, 1.0).log() + top.squeeze(-1)
        sums.append(torch.where(some, log, -math.inf))
    return torch.stack(sums, -1).to(log_p.dtype)
