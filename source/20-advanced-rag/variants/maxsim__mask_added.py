"""-inf is added in place of being filled in."""
import torch


def maxsim(Q, D, q_mask, d_mask):
    def unit(x):
        x = x.float()
        n = x.norm(dim=-1, keepdim=True)
        return torch.where(n > 0, x / n.masked_fill(n == 0, 1), torch.zeros_like(x))
    sims = unit(Q) @ unit(D).transpose(1, 2)
    sims = sims + torch.zeros(d_mask.shape).masked_fill(~d_mask, -torch.inf)[:, None]
    best = sims.amax(2).masked_fill(~q_mask, 0)
    return best.sum(1).to(Q.dtype)
