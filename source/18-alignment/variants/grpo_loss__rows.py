"""Row by row."""

import torch


def grpo_loss(lp, old, ref, adv, mask, eps_lo=0.2, eps_hi=0.2, beta=0.0, agg='grpo', max_len=None):
    if agg not in ('grpo', 'dapo', 'dr_grpo'):
        raise ValueError(agg)
    if agg == 'dr_grpo' and max_len is None:
        raise ValueError('max_len')
    wide = torch.promote_types(lp.dtype, torch.float32)
    sums, counts = ([], [])
    for i in range(lp.shape[0]):
        m = mask[i]
        x = lp[i][m].to(wide)
        a = adv[i].detach().to(wide)
        r = torch.exp(x - old[i][m].detach().to(wide))
        per = torch.maximum(-r * a, -r.clamp(1 - eps_lo, 1 + eps_hi) * a)
        if beta:
            d = ref[i][m].detach().to(wide) - x
            per = per + beta * (torch.expm1(d) - d)
        sums.append(per.sum())
        counts.append(int(m.sum()))
    if agg == 'grpo':
        total = sum((s / max(c, 1) for s, c in zip(sums, counts))) / len(sums)
    elif agg == 'dapo':
        total = sum(sums) / max(sum(counts), 1)
    else:
        total = sum(sums) / (len(sums) * max_len)
    return total.to(lp.dtype)
