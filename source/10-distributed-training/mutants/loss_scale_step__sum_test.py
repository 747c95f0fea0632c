"""It tests the sum, which overflows for large finite gradients."""
import torch


def loss_scale_step(state, grads, growth_interval=2000, growth=2.0, backoff=0.5, max_norm=None):
    scale, good = state
    if not all(bool(torch.isfinite(g.sum())) for g in grads):
        return (scale * backoff, 0), None
    out = [g.to(torch.promote_types(g.dtype, torch.float32)) / scale for g in grads]
    if max_norm is not None and out:
        norm = torch.stack([g.double().square().sum() for g in out]).sum().sqrt().item()
        if norm > max_norm:
            out = [g * (max_norm / norm) for g in out]
    if good + 1 == growth_interval:
        return (scale * growth, 0), out
    return (scale, good + 1), out
