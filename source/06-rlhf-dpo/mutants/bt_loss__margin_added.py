"""The margin is added: it excuses pairs instead of asking more of them."""
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    return -F.logsigmoid(r_w - r_l + margin).mean()
