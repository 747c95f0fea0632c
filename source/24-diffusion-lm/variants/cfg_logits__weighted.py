"""(w + 1) c - w u."""
import math

import torch


def cfg_logits(model, x, start, mask_id, w=0.0):
    if not w:
        return model(x)
    prompt = torch.arange(x.shape[1]) < start
    both = model(torch.cat([x, torch.where(prompt, mask_id, x)], dim=0))
    wide = both if both.dtype == torch.float64 else both.float()
    with_prompt, without = wide[:len(x)], wide[len(x):]
    out = torch.full_like(with_prompt, -math.inf)
    possible = with_prompt > -math.inf
    out[possible] = (w + 1) * with_prompt[possible] - w * without[possible]
    return out.to(both.dtype)
