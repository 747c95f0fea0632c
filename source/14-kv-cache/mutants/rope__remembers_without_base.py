"""cos and sin are remembered by positions, and reused for another base."""
import torch


_memo = {}


def rope(x, pos, base=10000.0, layout="half"):
    E = x.shape[-1]
    theta = base ** (-torch.arange(0, E, 2).float() / E)
    key = (E, tuple(pos.tolist()))
    if key not in _memo:
        angle = pos.float()[:, None] * theta
        _memo[key] = angle.cos(), angle.sin()
    c, s = _memo[key]
    h = x.float()
    if layout == "half":
        a, b = h[..., :E // 2], h[..., E // 2:]
        out = torch.cat([a * c - b * s, a * s + b * c], -1)
    else:
        a, b = h[..., 0::2], h[..., 1::2]
        out = torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2)
    return out.to(x.dtype)
