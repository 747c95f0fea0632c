"""All pairs in a slanted table; one safe log-sum-exp over it."""


import torch
import torch.nn.functional as F


def sum_distribution(log_p, log_q):
    wide = torch.promote_types(log_p.dtype, torch.float32)
    m, n = log_p.shape[-1], log_q.shape[-1]
    table = log_p.to(wide)[..., :, None] + log_q.to(wide)[..., None, :]
    table = F.pad(table, (0, m), value=-torch.inf).flatten(-2)[..., :m * (m + n - 1)].unflatten(-1, (m, m + n - 1))
    top = table.detach().amax(-2, keepdim=True)
    possible = top.squeeze(-2) > -torch.inf
    safe = torch.where(possible[..., None, :], table - torch.where(top > -torch.inf, top, 0), torch.zeros_like(table))
    out = safe.exp().sum(-2).log() + torch.where(possible, top.squeeze(-2), 0)
    return torch.where(possible, out, -torch.inf).to(log_p.dtype)
