"""label_smoothing is ignored."""
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    margins = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    losses = -F.logsigmoid(margins)
    return losses.mean(), margins
