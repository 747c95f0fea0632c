"""The squared norm divided by B."""
import torch


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    e = (pi_w - ref_w.data) / len_w - (pi_l - ref_l.data) / len_l - 1 / (2 * beta)
    return ((e @ e) / e.numel()).to(dtype)
