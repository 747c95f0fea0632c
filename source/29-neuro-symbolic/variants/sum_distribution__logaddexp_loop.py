"""Added pair by pair, only what is possible, row by row."""
import torch


def sum_distribution(log_p, log_q):
    *lead, m = log_p.shape
    n = log_q.shape[-1]
    work = torch.float64 if log_p.dtype == torch.float64 else torch.float32
    rows = []
    for p, q in zip(log_p.to(work).reshape(-1, m), log_q.to(work).reshape(-1, n)):
        sums = [None] * (m + n - 1)
        for i in range(m):
            for j in range(n):
                if p[i] > -torch.inf and q[j] > -torch.inf:
                    t = p[i] + q[j]
                    sums[i + j] = t if sums[i + j] is None else torch.logaddexp(sums[i + j], t)
        dead = torch.full((), -torch.inf, dtype=work)
        rows.append(torch.stack([dead if s is None else s for s in sums]))
    return torch.stack(rows).reshape(*lead, m + n - 1).to(log_p.dtype)
