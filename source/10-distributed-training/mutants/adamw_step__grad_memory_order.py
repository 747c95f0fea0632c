"""Works on the flat memory and forgets strides."""


def adamw_step(state, grad, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    w, m, v, t = state
    g = grad.detach().to(w.dtype)
    w, m, v = w.detach(), m.detach(), v.detach()
    b1, b2 = betas
    t = t + 1
    if not g.is_contiguous():
        g = g.t().contiguous().view(w.shape)
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g * g
    mh = m / (1 - b1 ** t)
    vh = v / (1 - b2 ** t)
    w = w - lr * weight_decay * w - lr * mh / (vh.sqrt() + eps)
    return w, m, v, t
