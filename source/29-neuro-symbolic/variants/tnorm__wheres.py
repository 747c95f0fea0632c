"""torch.where everywhere, float64 inside."""


import torch


def tnorm(kind, a, b):
    x, y = torch.broadcast_tensors(a.double(), b.double())
    table = {"godel": lambda: torch.where(x < y, x, y), "product": lambda: torch.mul(x, y),
             "lukasiewicz": lambda: torch.where(x + y > 1, x + y - 1, torch.zeros_like(x))}
    if kind not in table:
        raise ValueError("no such t-norm")
    return table[kind]().to(a.dtype)


def tconorm(kind, a, b):
    x, y = torch.broadcast_tensors(a.double(), b.double())
    if kind == "godel":
        return torch.where(x > y, x, y).to(a.dtype)
    if kind == "product":
        return (1 - (1 - x) * (1 - y)).to(a.dtype)
    if kind == "lukasiewicz":
        return (x + y).clamp(max=1.0).to(a.dtype)
    raise ValueError("no such t-norm")


def residuum(kind, a, b):
    x, y = torch.broadcast_tensors(a.double(), b.double())
    below = x <= y
    if kind == "godel":
        out = torch.where(below, torch.ones_like(y), y)
    elif kind == "product":
        out = torch.where(below, torch.ones_like(y), y / torch.where(x > 0, x, torch.ones_like(x)))
    elif kind == "lukasiewicz":
        out = torch.where(below, torch.ones_like(y), 1 - x + y)
    else:
        raise ValueError("no such t-norm")
    return out.to(a.dtype)
