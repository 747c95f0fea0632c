"""A negative alpha is clipped to 0: steering away does nothing."""


def steer(h, v, alpha, positions=None):
    out = h.clone()
    at = slice(None) if positions is None else positions
    out[:, at] += max(alpha, 0.0) * v
    return out
