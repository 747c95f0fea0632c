"""A sigmoid for each reward: classifies answers instead of comparing them, so a common shift matters."""
import torch
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    dtype, wide = r_w.dtype, torch.promote_types(r_w.dtype, torch.float32)
    r_w, r_l = r_w.to(wide), r_l.to(wide)
    return (-(F.logsigmoid(r_w - margin) + F.logsigmoid(-r_l)).mean()).to(dtype)
