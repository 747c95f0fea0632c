"""timed: einsum on normalised vectors."""
import torch
import torch.nn.functional as F

def maxsim(Q, D, q_mask, d_mask):
    sims = torch.einsum("bqe,bke->bqk", F.normalize(Q.float(), dim=2), F.normalize(D.float(), dim=2))
    sims = sims.masked_fill(d_mask.logical_not().unsqueeze(1), -float("inf"))
    return sims.max(2).values.masked_fill(q_mask.logical_not(), 0.0).sum(1).to(Q.dtype)
