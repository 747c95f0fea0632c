"""dr_grpo divides by max_len alone."""

import torch


def grpo_loss(lp, old, ref, adv, mask, eps_lo=0.2, eps_hi=0.2, beta=0.0, agg='grpo', max_len=None):
    if agg not in ('grpo', 'dapo', 'dr_grpo') or (agg == 'dr_grpo' and max_len is None):
        raise ValueError(f'agg is grpo, dapo or dr_grpo, and dr_grpo needs max_len: {agg}, {max_len}')
    wide = torch.promote_types(lp.dtype, torch.float32)
    row, _ = mask.nonzero(as_tuple=True)
    a, new = (adv.detach().to(wide)[row], lp[mask].to(wide))
    ratio = (new - old[mask].detach().to(wide)).exp()
    loss = -torch.minimum(ratio * a, ratio.clamp(1 - eps_lo, 1 + eps_hi) * a)
    if beta != 0:
        loss = loss + beta * kl_estimates(new, ref[mask].to(wide))[2]
    lengths = mask.sum(1)
    weight = {'grpo': len(lp) * lengths[row], 'dapo': lengths.sum(), 'dr_grpo': max_len or 1}[agg]
    return (loss / weight).sum().to(lp.dtype)
