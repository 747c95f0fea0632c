"""Cross-entropy over the two rewards, class 0 wins."""
import torch
import torch.nn.functional as F
def bt_loss(r_w, r_l, margin=0.0):
    dtype, wide = r_w.dtype, torch.promote_types(r_w.dtype, torch.float32)
    r_w, r_l = r_w.to(wide), r_l.to(wide)
    both = torch.stack([r_w - margin, r_l], dim=-1)
    return F.cross_entropy(both, torch.zeros(len(r_w), dtype=torch.long)).to(dtype)
