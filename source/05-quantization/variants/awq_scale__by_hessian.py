"""The error through XᵀX, float64 inside."""
import math
import torch


def awq_scale(W, X, bits, g):
    w, x = W.double(), X.double()
    H, mean, best = x.T @ x / len(x), x.abs().mean(0), None
    for ratio in [0.05 * k for k in range(20)]:
        s = mean.pow(ratio).clamp(1e-4)
        s = s / math.sqrt(float(s.max() * s.min()))
        D = w - rtn(w * s, bits, "group", g) / s
        error = float(((D @ H) * D).sum()) / len(D)
        if best is None or error < best[0] * (1 - 1e-12):
            best = error, s, ratio
    return best[1].to(torch.float64 if W.dtype == torch.float64 else torch.float32), best[2]
