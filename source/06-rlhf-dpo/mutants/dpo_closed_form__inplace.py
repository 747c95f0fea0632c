"""Adds to the caller's reference in place."""
import torch


def dpo_closed_form(ref_logp, u, beta):
    dtype, wide = ref_logp.dtype, torch.promote_types(ref_logp.dtype, torch.float32)
    ref_logp, u = ref_logp.to(wide), u.to(wide)
    ref_logp += u / beta
    return ref_logp.softmax(-1).to(dtype)
