"""The mask is multiplied in: NaN and infinities come through."""

import torch


def shaped_reward(rm, lp, ref, mask, beta):
    wide = torch.promote_types(lp.dtype, torch.float32)
    penalty = -beta * (lp.detach().to(wide) - ref.detach().to(wide)) * mask
    last = mask & (mask.flip(-1).cumsum(-1).flip(-1) == 1)
    return (penalty + last * rm.detach().to(wide)[:, None]).to(lp.dtype)
