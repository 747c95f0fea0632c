"""What is masked out is zeroed in the caller's advantages."""

import torch


def ppo_loss(lp, old, adv, mask, eps=0.2):
    wide = torch.promote_types(lp.dtype, torch.float32)
    x = lp[mask].to(wide) - old.detach()[mask].to(wide)
    with torch.no_grad():
        adv.masked_fill_(~mask, 0)
    a = adv.detach()[mask].to(wide)
    rho = x.exp()
    loss = -torch.minimum(rho * a, rho.clamp(1 - eps, 1 + eps) * a).mean()
    with torch.no_grad():
        cut = ((a > 0) & (rho > 1 + eps)) | ((a < 0) & (rho < 1 - eps))
        frac = cut.to(wide).mean()
        kl = (x.expm1() - x).mean()
    return loss.to(lp.dtype), frac.to(lp.dtype), kl.to(lp.dtype)
