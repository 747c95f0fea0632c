"""One margin for the whole batch: a margin per pair is averaged away."""
import torch
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    dtype, wide = r_w.dtype, torch.promote_types(r_w.dtype, torch.float32)
    r_w, r_l = r_w.to(wide), r_l.to(wide)
    margin = torch.as_tensor(margin, dtype=r_w.dtype).mean()
    return (-F.logsigmoid(r_w - r_l - margin).mean()).to(dtype)
