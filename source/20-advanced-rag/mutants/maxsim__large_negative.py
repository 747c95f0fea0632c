"""Padding is masked with -1e4 in place of -inf."""
import torch
import torch.nn.functional as F

def maxsim(Q, D, q_mask, d_mask):
    dtype, wide = Q.dtype, torch.promote_types(Q.dtype, torch.float32)
    Q, D = F.normalize(Q.to(wide), dim=-1), F.normalize(D.to(wide), dim=-1)
    sims = Q @ D.transpose(1, 2)
    best = sims.masked_fill(~d_mask[:, None, :], -1e4).amax(-1)
    score = best.masked_fill(~q_mask, 0).sum(-1)
    return score.to(dtype)
