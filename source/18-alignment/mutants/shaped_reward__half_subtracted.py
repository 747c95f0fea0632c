"""The difference is taken in half precision, then widened."""

import torch


def shaped_reward(rm, lp, ref, mask, beta):
    with torch.no_grad():
        wide = torch.promote_types(lp.dtype, torch.float32)
        kl = -beta * (lp - ref).to(wide)
        T = lp.shape[1]
        where = torch.where(mask, torch.arange(T), -1).amax(1)
        last = mask & (torch.arange(T)[None] == where[:, None])
        out = kl + torch.where(last, rm.to(wide)[:, None], 0.0)
        return torch.where(mask, out, 0.0).to(lp.dtype)
