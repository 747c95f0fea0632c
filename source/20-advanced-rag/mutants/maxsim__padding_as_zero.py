"""Padding of the document is multiplied to 0, which beats every negative similarity."""
import torch
import torch.nn.functional as F

def maxsim(Q, D, q_mask, d_mask):
    dtype, wide = Q.dtype, torch.promote_types(Q.dtype, torch.float32)
    Q, D = F.normalize(Q.to(wide), dim=-1), F.normalize(D.to(wide), dim=-1)
    sims = Q @ D.transpose(1, 2)
    best = (sims * d_mask[:, None, :]).amax(-1)
    score = best.masked_fill(~q_mask, 0).sum(-1)
    return score.to(dtype)
