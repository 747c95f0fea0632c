"""log(sigmoid(x)) as written on paper: sigmoid underflows to 0 and the loss is inf."""
import torch


def bt_loss(r_w, r_l, margin=0.0):
    dtype, wide = r_w.dtype, torch.promote_types(r_w.dtype, torch.float32)
    r_w, r_l = r_w.to(wide), r_l.to(wide)
    return (-torch.log(torch.sigmoid(r_w - r_l - margin)).mean()).to(dtype)
