"""masked_fill after the difference, float64 inside."""
import math

import torch


def cfg_logits(model, x, start, mask_id, w=0.0):
    if w == 0:
        return model(x).clone()
    stacked = x.repeat(2, 1)
    stacked[x.shape[0]:, :start] = mask_id
    out = model(stacked)
    c, u = out.double().split(x.shape[0])
    return torch.lerp(u, c, float(w + 1)).masked_fill(torch.isneginf(c), -math.inf).to(out.dtype)
