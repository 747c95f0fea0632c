"""Computed under no_grad: the number is right and nothing can be trained with it."""
import torch
import torch.nn.functional as F


@torch.no_grad()
def bt_loss(r_w, r_l, margin=0.0):
    dtype, wide = r_w.dtype, torch.promote_types(r_w.dtype, torch.float32)
    r_w, r_l = r_w.to(wide), r_l.to(wide)
    return (-F.logsigmoid(r_w - r_l - margin).mean()).to(dtype)
