"""Scores times beta, maximum taken off, then divided."""
import torch


def dpo_closed_form(ref_logp, u, beta):
    dtype, wide = ref_logp.dtype, torch.promote_types(ref_logp.dtype, torch.float32)
    ref_logp, u = ref_logp.to(wide), u.to(wide)
    score = (beta * ref_logp + u) / beta
    weight = (score - score.amax(-1, keepdim=True)).exp()
    return (weight / weight.sum(-1, keepdim=True)).to(dtype)
