"""Binary cross-entropy with the soft label 1 - eps."""
import torch
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    margins = beta * (pi_w - ref_w.detach() - pi_l + ref_l.detach())
    label = torch.full_like(margins, 1 - label_smoothing)
    return F.binary_cross_entropy_with_logits(margins, label), margins
