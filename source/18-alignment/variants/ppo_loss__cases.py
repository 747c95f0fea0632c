"""The two signs of the advantage apart."""

import torch


def ppo_loss(lp, old, adv, mask, eps=0.2):
    wide = torch.promote_types(lp.dtype, torch.float32)
    i = mask.nonzero(as_tuple=True)
    x = lp[i].to(wide) - old[i].detach().to(wide)
    a = adv[i].detach().to(wide)
    ratio = x.exp()
    gain = torch.where(a >= 0, ratio.clamp(max=1 + eps) * a, ratio.clamp(min=1 - eps) * a)
    frac = ((a > 0) & (ratio > 1 + eps) | (a < 0) & (ratio < 1 - eps)).float().mean()
    return ((-gain.mean()).to(lp.dtype), frac.to(lp.dtype), (x.expm1() - x).mean().detach().to(lp.dtype))
