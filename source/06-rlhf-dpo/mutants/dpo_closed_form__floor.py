"""Lifts -inf to log(1e-9): an answer that the reference cannot give comes alive."""
import torch


def dpo_closed_form(ref_logp, u, beta):
    dtype, wide = ref_logp.dtype, torch.promote_types(ref_logp.dtype, torch.float32)
    ref_logp, u = ref_logp.to(wide), u.to(wide)
    return (ref_logp.clamp(min=-20.7) + u / beta).softmax(-1).to(dtype)
