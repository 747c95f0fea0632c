"""logaddexp of the negative margin plus eps times the margin: the same by algebra; a list comes back."""
import torch


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    ref = (ref_w - ref_l).detach()
    m = (pi_w - pi_l - ref) * beta
    zeros = torch.zeros_like(m)
    return [(torch.logaddexp(zeros, -m) + label_smoothing * m).mean(), m]
