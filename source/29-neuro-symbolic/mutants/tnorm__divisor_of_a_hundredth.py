"""The divisor is kept above 0.01, so that nothing becomes infinite."""
import torch


def residuum(kind, a, b):
    wide = torch.promote_types(a.dtype, torch.float32)
    x, y = torch.broadcast_tensors(a.to(wide), b.to(wide))
    if kind == "godel":
        z = torch.where(x <= y, 1.0, y)
    elif kind == "product":
        z = torch.where(x <= y, 1.0, y / x.clamp(min=1e-2))
    elif kind == "lukasiewicz":
        z = (1 - x + y).clamp(max=1)
    else:
        raise ValueError(f"unknown t-norm {kind!r}")
    return z.to(a.dtype)
