"""Two-way cross-entropy: the chosen answer is class 0."""
import torch
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    dtype, wide = r_w.dtype, torch.promote_types(r_w.dtype, torch.float32)
    r_w, r_l = r_w.to(wide), r_l.to(wide)
    logits = torch.stack([r_w - margin, r_l], dim=-1)
    return F.cross_entropy(logits, torch.zeros(len(r_w), dtype=torch.long)).to(dtype)
