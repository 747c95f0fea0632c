"""Only the first 32 tokens of a query count, as in ColBERT."""
import torch
import torch.nn.functional as F

def maxsim(Q, D, q_mask, d_mask):
    wide = torch.promote_types(Q.dtype, torch.float32)
    q, d = F.normalize(Q[:, :32].to(wide), dim=-1), F.normalize(D.to(wide), dim=-1)
    best = (q @ d.transpose(1, 2)).masked_fill(~d_mask[:, None, :], -torch.inf).amax(-1)
    return best.masked_fill(~q_mask[:, :32], 0).sum(-1).to(Q.dtype)
