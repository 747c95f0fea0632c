"""Computed under no_grad: the number is right and nothing can be trained with it."""
import torch
import torch.nn.functional as F


@torch.no_grad()
def bt_loss(r_w, r_l, margin=0.0):
    return -F.logsigmoid(r_w - r_l - margin).mean()
