"""All answers have the dtype of the first."""
import math

import torch


def loss_scale_step(state, grads, growth_interval=2000, growth=2.0, backoff=0.5, max_norm=None):
    scale, good = state
    if any(not bool(torch.isfinite(g).all()) for g in grads):
        return (scale * backoff, 0), None
    out = [g.to(torch.promote_types(grads[0].dtype, torch.float32)) / scale for g in grads]
    if max_norm is not None:
        norm = math.sqrt(sum(float(g.double().square().sum()) for g in out))
        if norm > max_norm:
            out = [g * (max_norm / norm) for g in out]
    good += 1
    if good >= growth_interval:
        return (scale * growth, 0), out
    return (scale, good), out
