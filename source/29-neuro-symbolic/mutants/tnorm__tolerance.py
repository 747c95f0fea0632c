"""a counts as no more than b up to a tolerance."""
import torch


def residuum(kind, a, b):
    wide = torch.promote_types(a.dtype, torch.float32)
    x, y = torch.broadcast_tensors(a.to(wide), b.to(wide))
    kept = x <= y + 1e-4
    if kind == "godel":
        z = torch.where(kept, 1.0, y)
    elif kind == "product":
        z = torch.where(kept, 1.0, y / torch.where(kept, 1.0, x))
    elif kind == "lukasiewicz":
        z = (1 - x + y).clamp(max=1)
    else:
        raise ValueError(f"unknown t-norm {kind!r}")
    return z.to(a.dtype)
