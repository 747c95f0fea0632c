"""numpy forward with a backward of its own."""
import numpy as np
import torch


class _Turn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, c, s, first, second):
        ctx.stuff = c, s, first, second
        h, out = x.detach().double().numpy(), np.empty(x.shape)
        out[..., first] = h[..., first] * c - h[..., second] * s
        out[..., second] = h[..., first] * s + h[..., second] * c
        return torch.from_numpy(out).to(x.dtype)

    @staticmethod
    def backward(ctx, g):
        c, s, first, second = ctx.stuff
        return _Turn.apply(g, c, -s, first, second), None, None, None, None


def rope(x, pos, base=10000.0, layout="half"):
    E = x.shape[-1]
    phi = np.outer(pos.numpy(), base ** (-np.arange(0, E, 2) / E))
    first, second = (slice(0, E // 2), slice(E // 2, E)) if layout == "half" else (slice(0, E, 2), slice(1, E, 2))
    return _Turn.apply(x, np.cos(phi), np.sin(phi), first, second)
