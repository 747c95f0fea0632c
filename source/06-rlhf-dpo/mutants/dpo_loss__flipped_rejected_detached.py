"""With smoothing the rejected answer gets no gradient from the flipped term."""
import torch.nn.functional as F
def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    ref = (ref_w - ref_l).detach()
    m = beta * (pi_w - pi_l - ref)
    flip = beta * (pi_w - pi_l.detach() - ref)
    return ((1 - label_smoothing) * F.softplus(-m) + label_smoothing * F.softplus(flip)).mean(), m
