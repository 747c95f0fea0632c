"""The edges of the clip are rounded to half precision."""
import torch


def grpo_loss(lp, old, ref, adv, mask, eps_lo=0.2, eps_hi=0.2, beta=0.0, agg="grpo", max_len=None):
    if agg not in ("grpo", "dapo", "dr_grpo") or (agg == "dr_grpo" and max_len is None):
        raise ValueError("agg or max_len")
    wide = torch.float64 if lp.dtype == torch.float64 else torch.float32
    x = torch.where(mask, lp, 0).to(wide)
    o = torch.where(mask, old.detach(), 0).to(wide)
    a = adv.detach().to(wide)[:, None]
    a = torch.where(mask.any(1, keepdim=True), a, 0)
    ratio = (x - o).exp()
    per = -torch.minimum(ratio * a, ratio.clamp(torch.tensor(1 - eps_lo, dtype=lp.dtype).item(), torch.tensor(1 + eps_hi, dtype=lp.dtype).item()) * a)
    if beta:
        d = torch.where(mask, ref.detach(), 0).to(wide) - x
        per = per + beta * (torch.expm1(d) - d)
    per = torch.where(mask, per, 0)
    n = mask.sum(1)
    if agg == "grpo":
        loss = (per.sum(1) / n.clamp(min=1)).mean()
    elif agg == "dapo":
        loss = per.sum() / n.sum().clamp(min=1)
    else:
        loss = per.sum() / (len(lp) * max_len)
    return loss.to(lp.dtype)
