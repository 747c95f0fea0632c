"""A loop over pairs."""
import torch
import torch.nn.functional as F
def bt_loss(r_w, r_l, margin=0.0):
    total = 0.0
    for i in range(r_w.shape[0]):
        m = margin[i] if torch.is_tensor(margin) and margin.dim() else margin
        total = total - F.logsigmoid(r_w[i] - r_l[i] - m)
    return total / r_w.shape[0]
