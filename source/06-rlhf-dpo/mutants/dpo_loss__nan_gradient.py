"""Guarded by where: NaN gradient at extreme margins."""
import torch
def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    m = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    nls = lambda x: torch.where(x < -30, -x, torch.log1p(torch.exp(-x)))
    return ((1 - label_smoothing) * nls(m) + label_smoothing * nls(-m)).mean(), m
