"""Everything in float32, float64 too."""

import torch


def shaped_reward(rm, lp, ref, mask, beta):
    wide = torch.float32
    penalty = (-beta * (lp.detach().to(wide) - ref.detach().to(wide))).masked_fill(~mask, 0.0)
    last = mask & (mask.flip(-1).cumsum(-1).flip(-1) == 1)
    return (penalty + last * rm.detach().to(wide)[:, None]).to(lp.dtype)
