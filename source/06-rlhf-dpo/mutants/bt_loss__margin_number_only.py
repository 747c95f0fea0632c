"""`if margin` fails for a tensor with several entries."""
import torch.nn.functional as F
def bt_loss(r_w, r_l, margin=0.0):
    d = r_w - r_l
    if margin:
        d = d - margin
    return F.softplus(-d).mean()
