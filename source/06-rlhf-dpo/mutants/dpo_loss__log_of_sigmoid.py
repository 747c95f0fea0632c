"""log(sigmoid(x)): inf for a pair that is very wrong."""
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    margins = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    losses = -(1 - label_smoothing) * margins.sigmoid().log() - label_smoothing * F.logsigmoid(-margins)
    return losses.mean(), margins
