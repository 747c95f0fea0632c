"""cos and sin in the input's dtype: the turn is in half precision."""
import torch


def rope(x, pos, base=10000.0, layout="half"):
    E = x.shape[-1]
    theta = base ** (-torch.arange(0, E, 2).float() / E)
    angle = pos.float()[:, None] * theta
    c, s = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    h = x
    if layout == "half":
        a, b = h[..., :E // 2], h[..., E // 2:]
        out = torch.cat([a * c - b * s, a * s + b * c], -1)
    else:
        a, b = h[..., 0::2], h[..., 1::2]
        out = torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2)
    return out.to(x.dtype)
