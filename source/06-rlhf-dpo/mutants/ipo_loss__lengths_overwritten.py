"""Turns the caller's sums into averages in place."""
import torch


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    if pi_w.requires_grad:
        pi_w, pi_l = pi_w.clone(), pi_l.clone()
    pi_w -= ref_w.detach()
    pi_l -= ref_l.detach()
    pi_w /= len_w
    pi_l /= len_l
    return (pi_w - pi_l - 1 / (2 * beta)).square().mean().to(dtype)
