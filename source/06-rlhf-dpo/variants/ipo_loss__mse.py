"""F.mse_loss against a constant target, ratios named."""
import torch
import torch.nn.functional as F


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    with torch.no_grad():
        base = ref_w / len_w - ref_l / len_l
    gap = pi_w / len_w - pi_l / len_l - base
    return F.mse_loss(gap, torch.full_like(gap, 0.5 / beta)).to(dtype)
