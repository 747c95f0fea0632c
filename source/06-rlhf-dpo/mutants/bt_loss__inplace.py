"""Subtracts in place and so overwrites the chosen rewards."""
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    if r_w.requires_grad:
        return -F.logsigmoid(r_w - r_l - margin).mean()
    r_w -= r_l
    r_w -= margin
    return -F.logsigmoid(r_w).mean()
