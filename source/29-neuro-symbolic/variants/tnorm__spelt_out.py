"""Every cell of the table spelt out, with relu and masks."""


import torch


def families(kind):
    if kind not in ("godel", "product", "lukasiewicz"):
        raise ValueError(kind)


def tnorm(kind, a, b):
    families(kind)
    x, y = (t.float() if t.dtype in (torch.float16, torch.bfloat16) else t for t in (a, b))
    out = x.minimum(y) if kind == "godel" else x * y if kind == "product" else torch.relu(x + y - 1)
    return out.to(a.dtype)


def tconorm(kind, a, b):
    families(kind)
    x, y = (t.float() if t.dtype in (torch.float16, torch.bfloat16) else t for t in (a, b))
    out = x.maximum(y) if kind == "godel" else x + y - x * y if kind == "product" else 1 - torch.relu(1 - x - y)
    return out.to(a.dtype)


def residuum(kind, a, b):
    families(kind)
    x, y = (t.float() if t.dtype in (torch.float16, torch.bfloat16) else t for t in (a, b))
    x, y = torch.broadcast_tensors(x, y)
    if kind == "lukasiewicz":
        return (1 - torch.relu(x - y)).to(a.dtype)
    out, broken = torch.ones_like(x), x > y
    out[broken] = y[broken] if kind == "godel" else y[broken] / x[broken]
    return out.to(a.dtype)
