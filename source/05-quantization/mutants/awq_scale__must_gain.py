"""A ratio has to be better by 1 % than the best before it."""
import torch


def awq_scale(W, X, bits, g):
    dtype = torch.promote_types(W.dtype, torch.float32)
    w, x = W.to(dtype), X.to(dtype)
    m, want = x.abs().mean(0), x @ w.T
    best = None
    for k in range(20):
        s = (m ** (k / 20)).clamp(min=1e-4)
        s = s / (s.max() * s.min()).sqrt()
        error = (x @ (rtn(w * s, bits, "group", g) / s).T - want).pow(2).mean().item()
        if best is None or error < 0.99 * best[0]:
            best = error, s, k / 20
    return best[1], best[2]
