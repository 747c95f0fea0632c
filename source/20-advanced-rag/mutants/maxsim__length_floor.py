"""Lengths below 1e-3 are taken for 1e-3."""
import torch


def maxsim(Q, D, q_mask, d_mask):
    dtype = Q.dtype
    if dtype in (torch.float16, torch.bfloat16):
        Q, D = Q.float(), D.float()
    Q = torch.nn.functional.normalize(Q, dim=-1, eps=1e-3)
    D = torch.nn.functional.normalize(D, dim=-1, eps=1e-3)
    sim = Q @ D.transpose(1, 2)
    sim = sim.masked_fill(~d_mask[:, None, :], -torch.inf)
    best = sim.amax(2).masked_fill(~q_mask, 0)
    return best.sum(1).to(dtype)
