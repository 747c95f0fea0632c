"""The flipped term is guarded by where: NaN gradient where exp overflows."""
import torch
import torch.nn.functional as F
def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    m = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    loss = F.softplus(-m)
    if label_smoothing:
        loss = (1 - label_smoothing) * loss + label_smoothing * torch.where(m > 30, m, torch.log1p(torch.exp(m)))
    return loss.mean().to(dtype), m.to(dtype)
