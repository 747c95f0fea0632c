"""timed: products, division where possible."""

import torch


def disjoint_merge(taus, signs, weights=None):
    t = taus.double() if taus.dtype == torch.float64 else taus.float()
    w = torch.as_tensor([1.0] * len(t) if weights is None else weights, dtype=t.dtype)
    w = w.view([-1] + [1] * (t.dim() - 1)).expand(t.shape)
    off = (t.sign() != signs) | (t == 0)
    w = w.masked_fill(off, 0.0)
    total = w.sum(dim=0)
    answer = (w * t).sum(dim=0) / total.masked_fill(total == 0, 1.0)
    return answer.to(taus.dtype)
