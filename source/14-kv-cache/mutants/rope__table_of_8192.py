"""cos and sin from a table of 8,192 positions; later ones are wrapped around."""
import torch


def rope(x, pos, base=10000.0, layout="half"):
    E = x.shape[-1]
    theta = base ** (-torch.arange(0, E, 2).double() / E)
    angle = (pos % 8192).double()[:, None] * theta
    z = x.float() if x.dtype != torch.float64 else x
    cos, sin = angle.cos().to(z.dtype), angle.sin().to(z.dtype)
    a, b = z.chunk(2, -1) if layout == "half" else (z[..., ::2], z[..., 1::2])
    turned = [a * cos - b * sin, a * sin + b * cos]
    y = torch.cat(turned, -1) if layout == "half" else torch.stack(turned, -1).flatten(-2)
    return y.to(x.dtype)
