"""A sigmoid for each reward: classifies answers instead of comparing them, so a common shift matters."""
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    return -(F.logsigmoid(r_w - margin) + F.logsigmoid(-r_l)).mean()
