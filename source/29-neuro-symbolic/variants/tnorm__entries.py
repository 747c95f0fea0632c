"""Entry by entry."""
import torch


def tnorm(kind, a, b):
    if kind not in ("godel", "product", "lukasiewicz"):
        raise ValueError(kind)
    x, y = torch.broadcast_tensors(a, b)
    shape, dtype = x.shape, x.dtype
    if dtype in (torch.float16, torch.bfloat16):
        x, y = x.float(), y.float()
    rule = {"godel": lambda p, q: p if p <= q else q, "product": lambda p, q: p * q,
            "lukasiewicz": lambda p, q: p + q - 1 if p + q > 1 else 0 * (p + q)}[kind]
    return torch.stack([rule(p, q) for p, q in zip(x.reshape(-1), y.reshape(-1))]).reshape(shape).to(dtype)


def tconorm(kind, a, b):
    if kind not in ("godel", "product", "lukasiewicz"):
        raise ValueError(kind)
    x, y = torch.broadcast_tensors(a, b)
    shape, dtype = x.shape, x.dtype
    if dtype in (torch.float16, torch.bfloat16):
        x, y = x.float(), y.float()
    rule = {"godel": lambda p, q: p if p >= q else q, "product": lambda p, q: p + (1 - p) * q,
            "lukasiewicz": lambda p, q: p + q if p + q < 1 else 1 + 0 * (p + q)}[kind]
    return torch.stack([rule(p, q) for p, q in zip(x.reshape(-1), y.reshape(-1))]).reshape(shape).to(dtype)


def residuum(kind, a, b):
    if kind not in ("godel", "product", "lukasiewicz"):
        raise ValueError(kind)
    x, y = torch.broadcast_tensors(a, b)
    shape, dtype = x.shape, x.dtype
    if dtype in (torch.float16, torch.bfloat16):
        x, y = x.float(), y.float()
    rule = {"godel": lambda p, q: q, "product": lambda p, q: q / p, "lukasiewicz": lambda p, q: 1 - p + q}[kind]
    return torch.stack([1 + 0 * (p + q) if p <= q else rule(p, q)
                        for p, q in zip(x.reshape(-1), y.reshape(-1))]).reshape(shape).to(dtype)
