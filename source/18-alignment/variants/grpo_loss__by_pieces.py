"""The gradient is cut by hand, the reference filled with lp."""

import torch


def grpo_loss(lp, old, ref, adv, mask, eps_lo=0.2, eps_hi=0.2, beta=0.0, agg="grpo", max_len=None):
    divisors = {"grpo": lambda: mask.shape[0] * mask.sum(1, keepdim=True).clamp(min=1),
                "dapo": lambda: mask.sum().clamp(min=1), "dr_grpo": lambda: mask.shape[0] * max_len}
    if agg not in divisors or (agg == "dr_grpo" and max_len is None):
        raise ValueError(agg)
    wide = torch.promote_types(lp.dtype, torch.float32)
    safe = lp.masked_fill(~mask, 0).to(wide)
    r = torch.exp(safe - old.detach().masked_fill(~mask, 0).to(wide))
    a = adv.detach().to(wide).unsqueeze(1).expand_as(r)
    r = torch.where(a > 0, r.clamp(max=1 + eps_hi), torch.where(a < 0, r.clamp(min=1 - eps_lo), r))
    per = -(r * a)
    if beta > 0:
        k1 = safe - ref.detach().masked_fill(~mask, 0).to(wide)
        per = per + beta * (torch.expm1(-k1) + k1)
    return (per * mask / divisors[agg]()).sum().to(lp.dtype)
