"""The difference to the reference is held within 10."""

import torch


def grpo_loss(lp, old, ref, adv, mask, eps_lo=0.2, eps_hi=0.2, beta=0.0, agg="grpo", max_len=None):
    if agg not in ("grpo", "dapo", "dr_grpo"):
        raise ValueError(agg)
    if agg == "dr_grpo" and max_len is None:
        raise ValueError("max_len")
    wide = torch.promote_types(lp.dtype, torch.float32)
    N = lp.shape[0]
    p = torch.where(mask, lp, 0).to(wide)
    o = torch.where(mask, old.detach(), 0).to(wide)
    a = adv.detach().to(wide)[:, None]
    rho = (p - o).exp()
    token = -torch.minimum(rho * a, rho.clamp(1 - eps_lo, 1 + eps_hi) * a)
    if beta:
        x = torch.where(mask, ref.detach(), 0).to(wide) - p
        x = x.clamp(-10, 10)
        token = token + beta * (x.expm1() - x)
    token = torch.where(mask, token, 0)
    n = mask.sum(1)
    if agg == "grpo":
        loss = (token.sum(1) / n.clamp(min=1)).sum() / N
    elif agg == "dapo":
        loss = token.sum() / n.sum().clamp(min=1)
    else:
        loss = token.sum() / (N * max_len)
    return loss.to(lp.dtype)
