"""Where a is 1 the product is b itself: a gets no gradient there."""
import torch


def tnorm(kind, a, b):
    wide = torch.promote_types(a.dtype, torch.float32)
    x, y = a.to(wide), b.to(wide)
    if kind == "godel":
        z = torch.minimum(x, y)
    elif kind == "product":
        z = torch.where(x == 1, y, x * y)
    elif kind == "lukasiewicz":
        z = (x + y - 1).clamp(min=0)
    else:
        raise ValueError(f"unknown t-norm {kind!r}")
    return z.to(a.dtype)


def tconorm(kind, a, b):
    wide = torch.promote_types(a.dtype, torch.float32)
    return (1 - tnorm(kind, 1 - a.to(wide), 1 - b.to(wide))).to(a.dtype)


def residuum(kind, a, b):
    wide = torch.promote_types(a.dtype, torch.float32)
    x, y = torch.broadcast_tensors(a.to(wide), b.to(wide))
    kept = x <= y
    if kind == "godel":
        z = torch.where(kept, 1.0, y)
    elif kind == "product":
        z = torch.where(kept, 1.0, y / torch.where(kept, 1.0, x))
    elif kind == "lukasiewicz":
        z = (1 - x + y).clamp(max=1)
    else:
        raise ValueError(f"unknown t-norm {kind!r}")
    return z.to(a.dtype)
