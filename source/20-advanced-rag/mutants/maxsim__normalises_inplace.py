"""The vectors of the caller are normalised in place."""
import torch
import torch.nn.functional as F

def maxsim(Q, D, q_mask, d_mask):
    dtype, wide = Q.dtype, torch.promote_types(Q.dtype, torch.float32)
    Q /= Q.norm(dim=-1, keepdim=True).clamp_min(1e-9)
    D /= D.norm(dim=-1, keepdim=True).clamp_min(1e-9)
    sims = Q @ D.transpose(1, 2)
    best = sims.masked_fill(~d_mask[:, None, :], -torch.inf).amax(-1)
    score = best.masked_fill(~q_mask, 0).sum(-1)
    return score.to(dtype)
