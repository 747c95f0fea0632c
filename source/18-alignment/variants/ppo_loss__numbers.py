"""clipfrac and approx_kl as plain numbers; float64 inside; the gradient by choosing."""

import torch


def ppo_loss(lp, old, adv, mask, eps=0.2):
    x = lp[mask].double() - old.detach()[mask].double()
    a = adv.detach()[mask].double()
    ratio = x.exp()
    cut = (a > 0) & (ratio > 1 + eps) | (a < 0) & (ratio < 1 - eps)
    edge = torch.where(a > 0, 1 + eps, 1 - eps)
    loss = -torch.where(cut, edge * a, ratio * a).mean()
    frac, kl = (cut.double().mean(), (torch.expm1(x) - x).mean())
    if lp.dtype in (torch.float16, torch.bfloat16):
        return (loss.to(lp.dtype), frac.to(lp.dtype), kl.detach().to(lp.dtype))
    return (loss.to(lp.dtype), float(frac), float(kl))
