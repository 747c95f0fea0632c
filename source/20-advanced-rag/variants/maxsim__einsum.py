"""einsum first, the lengths divided out afterwards."""
import torch

def maxsim(Q, D, q_mask, d_mask):
    q, d = (X.to(torch.promote_types(X.dtype, torch.float32)) for X in (Q, D))
    dots = torch.einsum("bqe,bke->bqk", q, d)
    lengths = torch.einsum("bq,bk->bqk", q.norm(dim=-1), d.norm(dim=-1))
    sims = torch.where(lengths > 0, dots / lengths, torch.zeros_like(dots))
    sims = torch.where(d_mask.unsqueeze(1), sims, torch.full_like(sims, float("-inf")))
    best, _ = sims.max(dim=2)
    return torch.where(q_mask, best, torch.zeros_like(best)).sum(1).to(Q.dtype)
