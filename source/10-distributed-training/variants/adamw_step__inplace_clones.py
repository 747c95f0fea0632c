"""In place on clones, as in the optimisers."""


def adamw_step(state, grad, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    w, m, v = (x.detach().clone() for x in state[:3])
    t = state[3] + 1
    g = grad.detach().to(w.dtype)
    w.mul_(1 - lr * weight_decay)
    m.mul_(betas[0]).add_(g, alpha=1 - betas[0])
    v.mul_(betas[1]).addcmul_(g, g, value=1 - betas[1])
    denom = (v.sqrt() / (1 - betas[1] ** t) ** 0.5).add_(eps)
    w.addcdiv_(m, denom, value=-lr / (1 - betas[0] ** t))
    return (w, m, v, t)
