"""An angle for each row."""

import torch


def slerp(a, b, t):
    if not 0 <= t <= 1:
        raise ValueError("t lies in [0, 1]")
    wide = torch.promote_types(a.dtype, torch.float32)
    x, y = a.to(wide), b.to(wide)
    long = x.norm(dim=-1, keepdim=True) * y.norm(dim=-1, keepdim=True)
    cos = torch.where(long > 0, (x * y).sum(-1, keepdim=True) / long, torch.ones_like(long))
    straight = cos.abs() > 0.9995
    omega = torch.where(straight, torch.ones_like(cos), cos.clamp(-1, 1).acos())
    arc = torch.sin((1 - t) * omega) / torch.sin(omega) * x + torch.sin(t * omega) / torch.sin(omega) * y
    return torch.where(straight, (1 - t) * x + t * y, arc).to(a.dtype)
