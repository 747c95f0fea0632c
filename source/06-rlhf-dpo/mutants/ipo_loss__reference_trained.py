"""The reference is not detached."""
import torch


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    gap = (pi_w - ref_w) / len_w - (pi_l - ref_l) / len_l
    return (gap - 1 / (2 * beta)).square().mean().to(dtype)
