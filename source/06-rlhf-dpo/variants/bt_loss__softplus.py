"""softplus of the negative difference."""
import torch
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    dtype, wide = r_w.dtype, torch.promote_types(r_w.dtype, torch.float32)
    r_w, r_l = r_w.to(wide), r_l.to(wide)
    return F.softplus(margin + r_l - r_w).mean().to(dtype)
