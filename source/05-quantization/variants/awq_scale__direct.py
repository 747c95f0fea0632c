"""Own rounding instead of rtn, a running minimum."""
import torch


def awq_scale(W, X, bits, g):
    dt = torch.float64 if W.dtype == torch.float64 else torch.float32
    W, X = W.to(dt), X.to(dt)
    out, size = W.shape
    top = 2 ** (bits - 1) - 1
    target = X @ W.T
    m = X.abs().mean(dim=0)
    best_error, best_s, best_ratio = float("inf"), None, None
    for ratio in torch.arange(20, dtype=torch.float64) / 20:
        s = torch.clamp_min(m ** ratio.item(), 1e-4)
        s = s / torch.sqrt(torch.max(s) * torch.min(s))
        V = (W * s).reshape(out, size // g, g)
        step = V.abs().amax(-1, keepdim=True) / top
        step = torch.where(step == 0, torch.ones_like(step), step)
        R = (torch.clamp(torch.round(V / step), -top - 1, top) * step).reshape(out, size) / s
        error = float(torch.mean((X @ R.T - target) ** 2))
        if error < best_error:
            best_error, best_s, best_ratio = error, s, float(ratio)
    return best_s, best_ratio
