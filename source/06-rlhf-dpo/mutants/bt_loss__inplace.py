"""Subtracts in place and so overwrites the chosen rewards."""
import torch
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    dtype, wide = r_w.dtype, torch.promote_types(r_w.dtype, torch.float32)
    r_w, r_l = r_w.to(wide), r_l.to(wide)
    if r_w.requires_grad:
        return (-F.logsigmoid(r_w - r_l - margin).mean()).to(dtype)
    r_w -= r_l
    r_w -= margin
    return (-F.logsigmoid(r_w).mean()).to(dtype)
