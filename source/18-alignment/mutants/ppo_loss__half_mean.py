"""The mean over terms that were rounded to half precision."""
import torch


def ppo_loss(lp, old, adv, mask, eps=0.2):
    wide = torch.float64 if lp.dtype == torch.float64 else torch.float32
    x, o, a = lp[mask].to(wide), old[mask].detach().to(wide), adv[mask].detach().to(wide)
    d = x - o
    ratio = d.exp()
    loss = -torch.minimum(ratio * a, ratio.clamp(1 - eps, 1 + eps) * a).to(lp.dtype).to(wide).mean()
    with torch.no_grad():
        cut = ((a > 0) & (ratio > 1 + eps)) | ((a < 0) & (ratio < 1 - eps))
        frac = cut.to(wide).mean()
        kl = (torch.expm1(d) - d).mean()
    return loss.to(lp.dtype), frac.to(lp.dtype), kl.to(lp.dtype)
