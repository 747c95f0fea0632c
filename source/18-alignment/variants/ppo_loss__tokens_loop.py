"""A loop over the tokens, in double."""

import torch


def ppo_loss(lp, old, adv, mask, eps=0.2):
    total, hits, kl, n = 0.0, 0, 0.0, 0
    for i, t in mask.nonzero().tolist():
        x = lp[i, t].double() - old[i, t].double().detach()
        a = adv[i, t].double().item()
        r = x.exp()
        alive = not ((a > 0 and r.item() > 1 + eps) or (a < 0 and r.item() < 1 - eps))
        total = total - (r * a if alive else r.detach().clamp(1 - eps, 1 + eps) * a + 0 * x)
        hits, n = hits + (not alive), n + 1
        kl += (x.detach().expm1() - x.detach()).item()
    return (total / n).to(lp.dtype), hits / n, kl / n
