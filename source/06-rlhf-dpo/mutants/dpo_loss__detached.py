"""The loss is detached."""
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    margins = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    losses = -(1 - label_smoothing) * F.logsigmoid(margins) - label_smoothing * F.logsigmoid(-margins)
    return losses.mean().detach(), margins
