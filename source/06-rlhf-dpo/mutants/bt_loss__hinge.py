"""A hinge instead of the logistic loss: SLiC's, not Bradley-Terry's."""
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    return F.relu(1 - (r_w - r_l - margin)).mean()
