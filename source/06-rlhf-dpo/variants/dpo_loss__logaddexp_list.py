"""logaddexp, .data for the reference, a list."""
import torch
def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    z = beta * (pi_w - ref_w.data) - beta * (pi_l - ref_l.data)
    zero = torch.zeros_like(z)
    loss = torch.lerp(torch.logaddexp(zero, -z), torch.logaddexp(zero, z), label_smoothing)
    return [loss.mean(), z]
