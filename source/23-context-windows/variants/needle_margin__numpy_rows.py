"""Row by row in float64 with math."""

import math

import torch


def needle_margin(scores, needle):
    rows = scores.reshape(-1, scores.shape[-1]).double().tolist()
    ms, ps = [], []
    for row, k in zip(rows, needle.reshape(-1).tolist()):
        hay = [s for j, s in enumerate(row) if j != k and s > -math.inf]
        if not hay:
            ms.append(math.inf); ps.append(1.0); continue
        if row[k] == -math.inf:
            ms.append(-math.inf); ps.append(0.0); continue
        top = max(hay)
        lse = top + math.log(math.fsum(math.exp(s - top) for s in hay))
        x = row[k] - lse
        ms.append(x + math.log(len(hay)))
        ps.append(1 / (1 + math.exp(-x)) if x >= 0 else (math.exp(x) / (1 + math.exp(x))))
    shape = scores.shape[:-1]
    return (torch.tensor(ms, dtype=torch.float64).reshape(shape).to(scores.dtype),
            torch.tensor(ps, dtype=torch.float64).reshape(shape).to(scores.dtype))


def margin_for(n, p):
    if n < 0 or not 0 < p < 1:
        raise ValueError
    return -math.inf if n == 0 else math.log(n) + math.log(p) - math.log1p(-p)
