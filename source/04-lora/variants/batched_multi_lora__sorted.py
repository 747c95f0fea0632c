"""Rows sorted by adapter, cut into runs, put back."""
import torch


def batched_multi_lora(y, x, idx, adapters):
    wide = torch.promote_types(y.dtype, torch.float32)
    order = torch.argsort(idx, stable=True)
    counts = torch.bincount(idx + 1, minlength=len(adapters) + 1).tolist()
    out, at = torch.empty_like(y), counts[0]
    out[order[:at]] = y[order[:at]]
    for (A, B, alpha), n in zip(adapters, counts[1:]):
        rows = order[at:at + n]
        update = x[rows].to(wide) @ A.to(wide).T @ B.to(wide).T * (alpha / len(A))
        out[rows] = (update + y[rows].to(wide)).to(y.dtype)
        at += n
    return out
