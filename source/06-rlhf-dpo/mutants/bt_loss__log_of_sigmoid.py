"""log(sigmoid(x)) as written on paper: sigmoid underflows to 0 and the loss is inf."""
import torch


def bt_loss(r_w, r_l, margin=0.0):
    return -torch.log(torch.sigmoid(r_w - r_l - margin)).mean()
