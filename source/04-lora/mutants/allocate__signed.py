"""w times g keeps its sign."""
import torch


def importance(state, weights, grads, b1=0.85, b2=0.85):
    new, s = [], []
    for i, (w, g) in enumerate(zip(weights, grads)):
        mean, spread = (torch.zeros_like(w), torch.zeros_like(w)) if state is None else state[i]
        now = (w * g)
        mean = b1 * mean + (1 - b1) * now
        spread = b2 * spread + (1 - b2) * (now - mean).abs()
        new.append((mean, spread))
        s.append(mean * spread)
    P, lam, Q = s
    return new, lam + P.mean(0) + Q.mean(1)


def allocate(scores, budget):
    flat = torch.cat(scores)
    keep = torch.zeros(len(flat), dtype=torch.bool)
    keep[flat.argsort(descending=True, stable=True)[:budget]] = True
    return list(keep.split([len(s) for s in scores]))
