"""The reference is detached in the plain term only."""
import torch.nn.functional as F
def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    m = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    flip = beta * ((pi_w - pi_l) - (ref_w - ref_l))
    return ((1 - label_smoothing) * F.softplus(-m) + label_smoothing * F.softplus(flip)).mean(), m
