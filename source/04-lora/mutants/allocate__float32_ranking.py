"""float64 scores are ranked in float32"""
import torch


def importance(state, weights, grads, b1=0.85, b2=0.85):
    if state is None:
        state = [(torch.zeros_like(w), torch.zeros_like(w)) for w in weights]
    new, s = [], []
    for (mean, var), w, g in zip(state, weights, grads):
        I = (w * g).abs()
        mean = b1 * mean + (1 - b1) * I
        var = b2 * var + (1 - b2) * (I - mean).abs()
        new.append((mean, var))
        s.append(mean * var)
    return new, s[1] + s[0].mean(0) + s[2].mean(1)


def allocate(scores, budget):
    flat = torch.cat([s.float() for s in scores])
    mask = torch.zeros(len(flat), dtype=torch.bool)
    mask[flat.argsort(descending=True)[:budget]] = True
    return list(mask.split([len(s) for s in scores]))
