"""The difference of the rewards in half precision."""
import torch
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    d = torch.promote_types(r_w.dtype, torch.float32)
    m = margin.to(d) if isinstance(margin, torch.Tensor) else margin
    diff = (r_w - r_l).to(d) - m
    loss = -F.logsigmoid(diff)
    return loss.mean().to(r_w.dtype)
