"""The graph of the weights stays."""


def adamw_step(state, grad, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    w, m, v, t = state
    if True:
        g = grad.to(w.dtype)
        b1, b2 = betas
        t = t + 1
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        step = (m / (1 - b1 ** t)) / ((v / (1 - b2 ** t)).sqrt() + eps)
        w = w - lr * weight_decay * w - lr * step
    return w, m, v, t
