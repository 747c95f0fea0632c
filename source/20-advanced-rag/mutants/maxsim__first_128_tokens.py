"""Only the first 128 tokens of a document are looked at."""
import torch
import torch.nn.functional as F

def maxsim(Q, D, q_mask, d_mask):
    wide = torch.promote_types(Q.dtype, torch.float32)
    q, d = F.normalize(Q.to(wide), dim=-1), F.normalize(D[:, :128].to(wide), dim=-1)
    best = (q @ d.transpose(1, 2)).masked_fill(~d_mask[:, None, :128], -torch.inf).amax(-1)
    return best.masked_fill(~q_mask, 0).sum(-1).to(Q.dtype)
