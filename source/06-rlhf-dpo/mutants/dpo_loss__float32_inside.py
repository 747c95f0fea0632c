"""float64 goes through float32."""
import torch.nn.functional as F
def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    m = (beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())).float()
    return ((1 - label_smoothing) * F.softplus(-m) + label_smoothing * F.softplus(m)).mean().to(pi_w.dtype), m.to(pi_w.dtype)
