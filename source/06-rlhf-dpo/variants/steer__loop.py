"""A loop over positions."""


def steer(h, v, alpha, positions=None):
    out, push = h.detach().clone(), (alpha * v).to(h.dtype)
    for t in range(h.shape[1]) if positions is None else positions:
        out[:, t, :] = out[:, t, :] + push
    return out
