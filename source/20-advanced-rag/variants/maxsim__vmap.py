"""vmap over pairs."""
import torch


def maxsim(Q, D, q_mask, d_mask):
    def one(q, d, a, b):
        s = torch.einsum("ik,jk->ij", q, d)
        s = s / q.norm(dim=1).clamp_min(1e-30)[:, None] / d.norm(dim=1).clamp_min(1e-30)
        return torch.where(a, torch.where(b, s, -torch.inf).amax(1), 0.0).sum()
    return torch.vmap(one)(Q.double(), D.double(), q_mask, d_mask).to(Q.dtype)
