"""float32 inside, whatever the rewards' dtype, and back at the end."""
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    return F.softplus(-(r_w.float() - r_l.float() - margin)).float().mean().to(r_w.dtype)
