"""Two-way cross-entropy: the chosen answer is class 0."""
import torch
import torch.nn.functional as F


def bt_loss(r_w, r_l, margin=0.0):
    logits = torch.stack([r_w - margin, r_l], dim=-1)
    return F.cross_entropy(logits, torch.zeros(len(r_w), dtype=torch.long))
