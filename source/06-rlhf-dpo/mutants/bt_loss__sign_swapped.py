"""Rejected minus chosen: trains the reward model backwards."""
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    return -F.logsigmoid(r_l - r_w - margin).mean()
