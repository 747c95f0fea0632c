"""Scores clamped at 700 on both sides against overflow."""
import torch


def dpo_closed_form(ref_logp, u, beta):
    dtype, wide = ref_logp.dtype, torch.promote_types(ref_logp.dtype, torch.float32)
    ref_logp, u = ref_logp.to(wide), u.to(wide)
    return (ref_logp + (u / beta)).clamp(-700, 700).softmax(-1).to(dtype)
