"""topk over all; the state is a tuple of six tensors."""
import torch


def importance(state, weights, grads, b1=0.85, b2=0.85):
    if state is None:
        state = tuple(torch.zeros_like(w) for w in weights) * 2
    now = [(w * g).abs() for w, g in zip(weights, grads)]
    means = [b1 * m + (1 - b1) * i for m, i in zip(state[:3], now)]
    spreads = [b2 * u + (1 - b2) * (i - m).abs() for u, i, m in zip(state[3:], now, means)]
    P, lam, Q = (m * u for m, u in zip(means, spreads))
    ones = torch.ones(len(P), dtype=P.dtype), torch.ones(Q.shape[1], dtype=Q.dtype)
    return (*means, *spreads), lam + ones[0] @ P / len(P) + Q @ ones[1] / Q.shape[1]


def allocate(scores, budget):
    flat = torch.cat(list(scores))
    keep = torch.full(flat.shape, False)
    keep[torch.topk(flat, min(budget, flat.numel())).indices] = True
    out, at = [], 0
    for s in scores:
        out.append(keep[at:at + s.numel()].clone())
        at += s.numel()
    return out
