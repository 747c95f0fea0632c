"""Hands h itself back for alpha = 0."""


def steer(h, v, alpha, positions=None):
    if not alpha:
        return h
    out = h.clone()
    out[:, slice(None) if positions is None else positions] += alpha * v
    return out
