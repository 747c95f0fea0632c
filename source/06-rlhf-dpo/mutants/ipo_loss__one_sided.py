"""Clipped at the target: a gap that is too large is not pulled back."""
import torch
import torch.nn.functional as F


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    gap = (pi_w - ref_w.detach()) / len_w - (pi_l - ref_l.detach()) / len_l
    return F.relu(1 / (2 * beta) - gap).square().mean().to(dtype)
