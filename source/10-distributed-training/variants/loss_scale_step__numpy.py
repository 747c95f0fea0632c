"""In numpy."""
import numpy as np
import torch


def loss_scale_step(state, grads, growth_interval=2000, growth=2.0, backoff=0.5, max_norm=None):
    scale, good = state
    arrays = [g.detach().double().numpy() for g in grads]
    if not all(np.isfinite(a).all() for a in arrays):
        return (scale * backoff, 0), None
    arrays = [a / scale for a in arrays]
    if max_norm is not None:
        norm = np.sqrt(sum((a ** 2).sum() for a in arrays))
        if norm > max_norm:
            arrays = [a * (max_norm / norm) for a in arrays]
    out = [torch.tensor(a, dtype=torch.float64 if g.dtype == torch.float64 else torch.float32) for a, g in zip(arrays, grads)]
    return ((scale * growth, 0) if good + 1 >= growth_interval else (scale, good + 1)), out
