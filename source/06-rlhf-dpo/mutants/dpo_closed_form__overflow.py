"""Exponentiates first: exp(u / beta) overflows at a small beta."""
import torch


def dpo_closed_form(ref_logp, u, beta):
    dtype, wide = ref_logp.dtype, torch.promote_types(ref_logp.dtype, torch.float32)
    ref_logp, u = ref_logp.to(wide), u.to(wide)
    weight = ref_logp.exp() * torch.exp(u / beta)
    return (weight / weight.sum(-1, keepdim=True)).to(dtype)
