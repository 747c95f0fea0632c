"""beta multiplies the loss instead of standing inside the sigmoid."""
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    delta = (pi_w - pi_l) - (ref_w - ref_l).detach()
    losses = -(1 - label_smoothing) * F.logsigmoid(delta) - label_smoothing * F.logsigmoid(-delta)
    return beta * losses.mean(), beta * delta
