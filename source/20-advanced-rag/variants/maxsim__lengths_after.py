"""Dot products first, divided by the lengths after; float64."""
import torch


def maxsim(Q, D, q_mask, d_mask):
    Qd, Dd = Q.double(), D.double()
    lengths = Qd.norm(dim=2)[:, :, None] * Dd.norm(dim=2)[:, None, :]
    sims = torch.matmul(Qd, Dd.permute(0, 2, 1))
    sims = torch.where(lengths == 0, torch.zeros_like(sims), sims / lengths)
    sims[~d_mask[:, None, :].expand_as(sims)] = -torch.inf
    best, _ = sims.max(2)
    best[~q_mask] = 0
    return best.sum(1).to(Q.dtype)
