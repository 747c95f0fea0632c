"""A real query token whose vector is zero counts as padding."""
import torch
import torch.nn.functional as F


def maxsim(Q, D, q_mask, d_mask):
    wide = torch.promote_types(Q.dtype, torch.float32)
    sims = F.normalize(Q.to(wide), dim=-1) @ F.normalize(D.to(wide), dim=-1).mT
    best = sims.masked_fill(~d_mask[:, None], -torch.inf).amax(-1)
    return best.masked_fill(~(q_mask & Q.ne(0).any(-1)), 0).sum(-1).to(Q.dtype)
