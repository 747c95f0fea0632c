"""Rows with -1 get 0 added: -0.0 becomes 0.0."""
import torch


def batched_multi_lora(y, x, idx, adapters):
    wide = torch.float64 if y.dtype == torch.float64 else torch.float32
    out = y.clone()
    for i, (A, B, alpha) in enumerate(adapters):
        rows = (idx == i).nonzero().flatten()
        if len(rows):
            up = alpha / A.shape[0] * ((x[rows].to(wide) @ A.to(wide).T) @ B.to(wide).T)
            out[rows] = (y[rows].to(wide) + up).to(y.dtype)
    return out + 0.0
