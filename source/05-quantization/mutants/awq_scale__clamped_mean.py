"""The mean is clamped before the power."""
import math
import torch


def awq_scale(W, X, bits, g):
    wide = torch.promote_types(W.dtype, torch.float32)
    W, X = W.to(wide), X.to(wide)
    mean, best = X.abs().mean(0), (math.inf, None, None)
    for k in range(20):
        s = mean.clamp(min=1e-4) ** (k / 20)
        s = s / (s.max() * s.min()).sqrt()
        rounded = rtn(W * s, bits, "group", g) / s
        error = (X @ (W - rounded).T).square().mean().item()
        if error < best[0]:
            best = error, s, k / 20
    return best[1:]
