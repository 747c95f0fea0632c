"""The ratio is computed in half precision."""

import torch


def ppo_loss(lp, old, adv, mask, eps=0.2):
    wide = torch.promote_types(lp.dtype, torch.float32)
    log_ratio = lp[mask] - old[mask].detach()
    a, ratio = (adv[mask].detach().to(wide), log_ratio.exp().to(wide))
    free, held = (ratio * a, ratio.clamp(1 - eps, 1 + eps) * a)
    approx_kl = (log_ratio.expm1() - log_ratio).detach().mean()
    return tuple((x.to(lp.dtype) for x in (-torch.minimum(free, held).mean(), (held < free).to(wide).mean(), approx_kl)))
