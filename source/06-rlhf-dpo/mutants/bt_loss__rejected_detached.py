"""The rejected reward is detached: value right, but nothing pushes it down."""
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    return -F.logsigmoid(r_w - r_l.detach() - margin).mean()
