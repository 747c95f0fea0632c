"""Similarities of exactly 0 are taken for padding."""
import torch
import torch.nn.functional as F

def maxsim(Q, D, q_mask, d_mask):
    wide = torch.promote_types(Q.dtype, torch.float32)
    q, d = F.normalize(Q.to(wide), dim=-1), F.normalize(D.to(wide), dim=-1)
    sims = q @ d.transpose(1, 2)
    best = sims.masked_fill(~d_mask[:, None, :] | (sims == 0), -torch.inf).amax(-1)
    return best.masked_fill(~q_mask, 0).sum(-1).to(Q.dtype)
