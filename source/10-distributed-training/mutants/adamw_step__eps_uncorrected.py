"""Epsilon is added to the root before the correction."""


def adamw_step(state, grad, lr, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01):
    w, m, v, t = state
    w, m, v, g, t = w.detach(), m.detach(), v.detach(), grad.detach().to(w.dtype), t + 1
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * g * g
    step = (m / (1 - betas[0] ** t)) / ((v.sqrt() + eps) / (1 - betas[1] ** t) ** 0.5)
    return w - lr * weight_decay * w - lr * step, m, v, t
