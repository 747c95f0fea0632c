"""lerp, addcmul, addcdiv, the corrections in the step size."""
import math

import torch


@torch.no_grad()
def adamw_step(state, grad, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    w, m, v, t = state
    t += 1
    g = grad.to(w.dtype)
    m = torch.lerp(m, g, 1 - betas[0])
    v = torch.addcmul(v * betas[1], g, g, value=1 - betas[1])
    root = v.sqrt() / math.sqrt(1 - betas[1] ** t) + eps
    w = torch.addcdiv(w * (1 - lr * weight_decay), m, root, value=-lr / (1 - betas[0] ** t))
    return w, m, v, t
