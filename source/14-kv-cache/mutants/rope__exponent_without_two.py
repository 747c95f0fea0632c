"""theta_i = base ** (-i / E): the 2 of the exponent is missing."""
import torch


def rope(x, pos, base=10000.0, layout="half"):
    E = x.shape[-1]
    theta = base ** (-torch.arange(E // 2).double() / E)
    angle = pos.double()[:, None] * theta
    z = x.float() if x.dtype != torch.float64 else x
    cos, sin = angle.cos().to(z.dtype), angle.sin().to(z.dtype)
    a, b = z.chunk(2, -1) if layout == "half" else (z[..., ::2], z[..., 1::2])
    turned = [a * cos - b * sin, a * sin + b * cos]
    y = torch.cat(turned, -1) if layout == "half" else torch.stack(turned, -1).flatten(-2)
    return y.to(x.dtype)
