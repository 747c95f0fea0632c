"""Subtracts log Z in log space."""
import torch


def dpo_closed_form(ref_logp, u, beta):
    dtype, wide = ref_logp.dtype, torch.promote_types(ref_logp.dtype, torch.float32)
    ref_logp, u = ref_logp.to(wide), u.to(wide)
    score = ref_logp + u / beta
    return torch.exp(score - torch.logsumexp(score, dim=-1, keepdim=True)).to(dtype)
