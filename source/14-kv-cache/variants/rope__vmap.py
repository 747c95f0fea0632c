"""vmap over positions."""
import math

import torch


def rope(x, pos, base=10000.0, layout="half"):
    E = x.shape[-1]
    w = torch.exp(-math.log(base) * torch.arange(0, E, 2).float() / E)
    def turn(t, p):
        c, s = torch.cos(p * w), torch.sin(p * w)
        if layout == "half":
            a, b = t.split(E // 2, -1)
            return torch.cat([a * c - b * s, b * c + a * s], -1)
        a, b = t.unflatten(-1, (-1, 2)).unbind(-1)
        return torch.stack([a * c - b * s, b * c + a * s], -1).flatten(-2)
    return torch.vmap(turn, in_dims=(2, 0), out_dims=2)(x.float(), pos.float()).to(x.dtype)
