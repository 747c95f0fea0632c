"""softplus of the negative difference."""
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    return F.softplus(margin + r_l - r_w).mean()
