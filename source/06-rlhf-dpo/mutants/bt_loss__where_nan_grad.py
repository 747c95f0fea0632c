"""log(sigmoid) guarded by where: the value is right, the gradient is NaN where it underflows."""
import torch
def bt_loss(r_w, r_l, margin=0.0):
    dtype, wide = r_w.dtype, torch.promote_types(r_w.dtype, torch.float32)
    r_w, r_l = r_w.to(wide), r_l.to(wide)
    d = r_w - r_l - margin
    return torch.where(d > -50, -torch.log(torch.sigmoid(d)), -d).mean().to(dtype)
