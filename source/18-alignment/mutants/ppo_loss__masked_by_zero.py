"""The mask is multiplied in at the end: NaN comes through, at least in the gradient."""

import torch


def ppo_loss(lp, old, adv, mask, eps=0.2):
    wide = torch.promote_types(lp.dtype, torch.float32)
    log_ratio = lp.to(wide) - old.detach().to(wide)
    a, ratio = (adv.detach().to(wide), log_ratio.exp())
    free, held = (ratio * a, ratio.clamp(1 - eps, 1 + eps) * a)
    approx_kl = torch.where(mask, log_ratio.expm1() - log_ratio, 0.0).detach().sum() / mask.sum()
    return tuple((x.to(lp.dtype) for x in (-torch.where(mask, torch.minimum(free, held), 0.0).sum() / mask.sum(), (mask & (held < free)).to(wide).sum() / mask.sum(), approx_kl)))
