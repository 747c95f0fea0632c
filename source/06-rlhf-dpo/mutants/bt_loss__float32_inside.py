"""float64 rewards go through float32."""
import torch.nn.functional as F
def bt_loss(r_w, r_l, margin=0.0):
    return F.softplus(-(r_w - r_l - margin).float()).mean().to(r_w.dtype)
