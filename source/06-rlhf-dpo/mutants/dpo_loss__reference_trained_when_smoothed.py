"""The reference is detached in the plain term only."""
import torch
import torch.nn.functional as F
def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    m = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    flip = beta * ((pi_w - pi_l) - (ref_w - ref_l))
    return ((1 - label_smoothing) * F.softplus(-m) + label_smoothing * F.softplus(flip)).mean().to(dtype), m.to(dtype)
