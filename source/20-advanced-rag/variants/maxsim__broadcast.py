"""cosine_similarity by broadcasting."""
import torch
import torch.nn.functional as F

def maxsim(Q, D, q_mask, d_mask):
    wide = torch.promote_types(Q.dtype, torch.float32)
    sims = F.cosine_similarity(Q.to(wide)[:, :, None], D.to(wide)[:, None], dim=-1)
    sims[~d_mask[:, None].expand_as(sims)] = -torch.inf
    best = sims.max(-1).values
    best[~q_mask] = 0
    return best.sum(-1).to(Q.dtype)
