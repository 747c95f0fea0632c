"""log(1 - sigmoid(m)) for the flipped label: -inf at large margins."""
import torch
import torch.nn.functional as F
def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    m = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    loss = -F.logsigmoid(m)
    if label_smoothing > 0:
        loss = (1 - label_smoothing) * loss - label_smoothing * torch.log(1 - torch.sigmoid(m))
    return loss.mean().to(dtype), m.to(dtype)
