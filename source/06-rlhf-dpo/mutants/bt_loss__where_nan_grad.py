"""log(sigmoid) guarded by where: the value is right, the gradient is NaN where it underflows."""
import torch
def bt_loss(r_w, r_l, margin=0.0):
    d = r_w - r_l - margin
    return torch.where(d > -50, -torch.log(torch.sigmoid(d)), -d).mean()
