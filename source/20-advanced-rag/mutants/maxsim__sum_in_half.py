"""Cosines in float32, but their sum over the query in half precision."""
import torch
import torch.nn.functional as F

def maxsim(Q, D, q_mask, d_mask):
    wide = torch.promote_types(Q.dtype, torch.float32)
    q, d = F.normalize(Q.to(wide), dim=-1), F.normalize(D.to(wide), dim=-1)
    sims = q @ d.transpose(1, 2)
    best = sims.masked_fill(~d_mask[:, None, :], -torch.inf).amax(-1).masked_fill(~q_mask, 0).to(Q.dtype)
    total = torch.zeros_like(best[:, 0])
    for i in range(best.shape[1]):
        total = total + best[:, i]
    return total
