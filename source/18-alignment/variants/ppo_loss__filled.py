"""Positions outside are filled before anything is computed."""

import torch


def ppo_loss(lp, old, adv, mask, eps=0.2):
    wide = torch.promote_types(lp.dtype, torch.float32)
    lp2 = lp.masked_fill(~mask, 0.0).to(wide)
    old2, a = (old.detach().masked_fill(~mask, 0.0).to(wide), adv.detach().masked_fill(~mask, 0.0).to(wide))
    n = mask.sum()
    ratio = torch.exp(lp2 - old2)
    loss = torch.maximum(-a * ratio, -a * torch.clamp(ratio, 1 - eps, 1 + eps)).sum() / n
    with torch.no_grad():
        clipped = mask & ((a > 0) & (ratio > 1 + eps) | (a < 0) & (ratio < 1 - eps))
        kl = (ratio - 1 - (lp2 - old2)).sum() / n
    return (loss.to(lp.dtype), (clipped.sum() / n).to(lp.dtype), kl.to(lp.dtype))
