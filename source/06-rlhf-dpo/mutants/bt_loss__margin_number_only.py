"""`if margin` fails for a tensor with several entries."""
import torch
import torch.nn.functional as F
def bt_loss(r_w, r_l, margin=0.0):
    dtype, wide = r_w.dtype, torch.promote_types(r_w.dtype, torch.float32)
    r_w, r_l = r_w.to(wide), r_l.to(wide)
    d = r_w - r_l
    if margin:
        d = d - margin
    return F.softplus(-d).mean().to(dtype)
