"""Subtracts the reference from the caller's tensors in place."""
import torch
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    if pi_w.requires_grad:
        pi_w, pi_l = pi_w.clone(), pi_l.clone()
    pi_w -= ref_w.detach()
    pi_l -= ref_l.detach()
    margins = beta * (pi_w - pi_l)
    losses = -(1 - label_smoothing) * F.logsigmoid(margins) - label_smoothing * F.logsigmoid(-margins)
    return losses.mean().to(dtype), margins.to(dtype)
