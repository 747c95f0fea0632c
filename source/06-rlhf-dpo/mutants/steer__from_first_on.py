"""Steers everything from the first position on."""


def steer(h, v, alpha, positions=None):
    out = h.clone()
    at = slice(None) if positions is None else slice(min(positions, default=h.shape[1]), None)
    out[:, at] += alpha * v
    return out
