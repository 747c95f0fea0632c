"""Log-ratios in half precision."""
import torch


def ipo_loss(pi_w, pi_l, ref_w, ref_l, len_w, len_l, beta):
    d = torch.promote_types(pi_w.dtype, torch.float32)
    pw, pl, rw, rl = pi_w.to(d), pi_l.to(d), ref_w.detach().to(d), ref_l.detach().to(d)
    gap = (pi_w - ref_w.detach()) / len_w - (pi_l - ref_l.detach()) / len_l
    return ((gap - 1 / (2 * beta)) ** 2).mean().to(pi_w.dtype)
