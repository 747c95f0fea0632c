"""All gradients in one flat vector, cut again at the end."""
import torch


def loss_scale_step(state, grads, growth_interval=2000, growth=2.0, backoff=0.5, max_norm=None):
    scale, good = state
    wide = [g.double() for g in grads]
    flat = torch.cat([g.reshape(-1) for g in wide] + [torch.zeros(0, dtype=torch.float64)])
    if flat.isfinite().sum() < flat.numel():
        return (backoff * scale, 0), None
    flat = flat / scale
    norm = (flat @ flat).sqrt()
    if max_norm is not None and norm > max_norm:
        flat = flat * max_norm / norm
    out, at = [], 0
    for g in grads:
        dtype = torch.float64 if g.dtype == torch.float64 else torch.float32
        out.append(flat[at:at + g.numel()].reshape(g.shape).to(dtype, copy=True))
        at += g.numel()
    return ((scale * growth, 0) if good + 1 == growth_interval else (scale, good + 1)), out
