"""The margin is ignored."""
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    return -F.logsigmoid(r_w - r_l).mean()
