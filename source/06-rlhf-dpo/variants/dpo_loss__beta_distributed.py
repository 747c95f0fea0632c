"""beta on each of the four terms."""
import torch
import torch.nn.functional as F
def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    m = beta * pi_w - beta * pi_l - beta * ref_w.detach() + beta * ref_l.detach()
    return (-(1 - label_smoothing) * F.logsigmoid(m) - label_smoothing * F.logsigmoid(-m)).mean().to(dtype), m.to(dtype)
