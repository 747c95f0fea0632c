"""The robust (unbiased) form instead of the conservative one: minus the flipped term, rescaled."""
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    margins = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    losses = (-(1 - label_smoothing) * F.logsigmoid(margins) + label_smoothing * F.logsigmoid(-margins)) / (1 - 2 * label_smoothing)
    return losses.mean(), margins
