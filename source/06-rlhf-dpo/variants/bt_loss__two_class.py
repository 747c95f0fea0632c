"""Cross-entropy over the two rewards, class 0 wins."""
import torch
import torch.nn.functional as F
def bt_loss(r_w, r_l, margin=0.0):
    both = torch.stack([r_w - margin, r_l], dim=-1)
    return F.cross_entropy(both, torch.zeros(len(r_w), dtype=torch.long))
