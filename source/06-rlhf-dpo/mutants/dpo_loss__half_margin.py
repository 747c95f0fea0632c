"""The loss of a margin that was rounded to half precision."""
import torch
import torch.nn.functional as F


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    d = torch.promote_types(pi_w.dtype, torch.float32)
    pw, pl, rw, rl = pi_w.to(d), pi_l.to(d), ref_w.detach().to(d), ref_l.detach().to(d)
    m = beta * ((pw - pl) - (rw - rl))
    m = m.to(pi_w.dtype).to(d)
    loss = -(1 - label_smoothing) * F.logsigmoid(m) - label_smoothing * F.logsigmoid(-m)
    return loss.mean().to(pi_w.dtype), m.to(pi_w.dtype)
