"""The robust (unbiased) form instead of the conservative one: minus the flipped term, rescaled."""
import torch
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    margins = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    losses = (-(1 - label_smoothing) * F.logsigmoid(margins) + label_smoothing * F.logsigmoid(-margins)) / (1 - 2 * label_smoothing)
    return losses.mean().to(dtype), margins.to(dtype)
