"""Everything in float64, rounded at the end."""
import torch


def adamw_step(state, grad, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    (w, m, v, t), (b1, b2) = state, betas
    dtype, t = w.dtype, t + 1
    w, m, v, g = (x.detach().to(torch.float64) for x in (w, m, v, grad))
    m = m + (1 - b1) * (g - m)
    v = v.lerp(g ** 2, 1 - b2)
    rate = lr * (1 - b2 ** t) ** 0.5 / (1 - b1 ** t)
    w = w * (1 - lr * weight_decay) - rate * m / (v ** 0.5 + eps * (1 - b2 ** t) ** 0.5)
    return w.to(dtype, copy=True), m.to(dtype, copy=True), v.to(dtype, copy=True), t
