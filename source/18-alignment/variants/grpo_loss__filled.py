"""Filled outside the mask, in float64, as TRL averages."""

import torch


def grpo_loss(lp, old, ref, adv, mask, eps_lo=0.2, eps_hi=0.2, beta=0.0, agg='grpo', max_len=None):
    x = lp.masked_fill(~mask, 0.0).double()
    o = old.detach().masked_fill(~mask, 0.0).double()
    a = adv.detach().double().unsqueeze(1)
    m = mask.double()
    ratio = (x - o).exp()
    per = -torch.min(ratio * a, torch.clamp(ratio, 1 - eps_lo, 1 + eps_hi) * a)
    if beta != 0.0:
        d = ref.detach().masked_fill(~mask, 0.0).double() - x
        per = per + beta * (d.exp() - d - 1)
    per = per * m
    if agg == 'grpo':
        loss = (per.sum(-1) / m.sum(-1).clamp(min=1.0)).mean()
    elif agg == 'dapo':
        loss = per.sum() / m.sum().clamp(min=1.0)
    elif agg == 'dr_grpo' and max_len is not None:
        loss = per.sum() / (per.size(0) * max_len)
    else:
        raise ValueError(f'{agg} {max_len}')
    return loss.to(lp.dtype)
