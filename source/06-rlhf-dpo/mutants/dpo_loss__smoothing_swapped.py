"""1 - eps and eps are swapped as soon as smoothing is on."""
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    margins = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    label_smoothing = 1 - label_smoothing if label_smoothing else 0.0
    losses = -(1 - label_smoothing) * F.logsigmoid(margins) - label_smoothing * F.logsigmoid(-margins)
    return losses.mean(), margins
