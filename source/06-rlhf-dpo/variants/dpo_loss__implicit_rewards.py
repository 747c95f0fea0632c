"""Two implicit rewards, softplus for the loss."""
import torch
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    with torch.no_grad():
        anchor_w, anchor_l = ref_w.clone(), ref_l.clone()
    reward_w = beta * (pi_w - anchor_w)
    reward_l = beta * (pi_l - anchor_l)
    gap = reward_w - reward_l
    loss = (1 - label_smoothing) * F.softplus(-gap) + label_smoothing * F.softplus(gap)
    return loss.mean(), gap.detach()
