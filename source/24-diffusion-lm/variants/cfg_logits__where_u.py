"""Looks at u: where that is -inf, c is, too."""
import torch


def cfg_logits(model, x, start, mask_id, w=0.0):
    if w == 0:
        return model(x)
    bare = x.clone()
    bare[:, :start] = mask_id
    both = model(torch.cat([x, bare]))
    dt = both.dtype
    if dt in (torch.float16, torch.bfloat16):
        both = both.float()
    c, u = both.chunk(2)
    out = u + (w + 1) * (c - u)
    return torch.where(torch.isneginf(u), u, out).to(dt)
