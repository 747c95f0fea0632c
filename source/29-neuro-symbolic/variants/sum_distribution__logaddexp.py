"""float64 inside; shifted copies added one by one."""


import torch


def sum_distribution(log_p, log_q):
    p, q = log_p.double(), log_q.double()
    m, n = p.shape[-1], q.shape[-1]
    columns = []
    for s in range(m + n - 1):
        terms = [p[..., i] + q[..., s - i] for i in range(m) if 0 <= s - i < n]
        stacked = torch.stack(terms, dim=-1)
        dead = (stacked == -torch.inf).all(-1)
        lived = torch.where(dead[..., None], torch.zeros_like(stacked), stacked).logsumexp(-1)
        columns.append(torch.where(dead, torch.full_like(lived, -torch.inf), lived))
    return torch.stack(columns, dim=-1).to(log_p.dtype)
