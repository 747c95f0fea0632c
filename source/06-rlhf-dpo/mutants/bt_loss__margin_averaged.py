"""One margin for the whole batch: a margin per pair is averaged away."""
import torch
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    margin = torch.as_tensor(margin, dtype=r_w.dtype).mean()
    return -F.logsigmoid(r_w - r_l - margin).mean()
