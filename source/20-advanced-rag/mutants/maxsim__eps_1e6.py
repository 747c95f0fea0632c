"""A length under 1e-6 counts as 1e-6."""
import torch


def maxsim(Q, D, q_mask, d_mask):
    wide = torch.float32 if Q.dtype in (torch.float16, torch.bfloat16) else Q.dtype

    def unit(x):
        x = x.to(wide)
        n = x.norm(dim=-1, keepdim=True)
        return x / n.clamp_min(1e-6)

    sims = unit(Q) @ unit(D).transpose(1, 2)
    best = sims.masked_fill(~d_mask[:, None], -torch.inf).amax(-1)
    return best.masked_fill(~q_mask, 0.0).sum(-1).to(Q.dtype)
