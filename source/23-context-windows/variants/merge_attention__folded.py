"""Two by two, from the left."""
import torch


def merge_attention(parts):
    if not parts:
        raise ValueError("nothing")
    o_type, l_type = parts[0][0].dtype, parts[0][1].dtype
    wide = torch.float64 if torch.float64 in (o_type, l_type) else torch.float32
    out = torch.zeros(parts[0][0].shape, dtype=wide)
    lse = torch.full(parts[0][1].shape, -torch.inf, dtype=wide)
    for o, e in parts:
        o, e = o.to(wide), e.to(wide)
        o = torch.where((e == -torch.inf)[..., None], torch.zeros_like(o), o)
        top = torch.maximum(lse, e)
        top = torch.where(top == -torch.inf, torch.zeros_like(top), top)
        a, b = torch.exp(lse - top), torch.exp(e - top)
        total = a + b
        out = torch.where((total > 0)[..., None], (a[..., None] * out + b[..., None] * o) / total[..., None], 0.0)
        lse = total.log() + top
    return out.to(o_type), lse.to(l_type)
