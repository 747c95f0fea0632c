"""Half precision all through."""
import torch


def maxsim(Q, D, q_mask, d_mask):
    def unit(x):
        x = x
        n = x.norm(dim=-1, keepdim=True)
        return torch.where(n > 0, x / n.masked_fill(n == 0, 1), torch.zeros_like(x))
    sims = unit(Q) @ unit(D).transpose(1, 2)
    sims = sims.masked_fill(~d_mask[:, None], -torch.inf)
    best = sims.amax(2).masked_fill(~q_mask, 0)
    return best.sum(1).to(Q.dtype)
