"""Hands h itself back for an empty list of positions."""


def steer(h, v, alpha, positions=None):
    if positions == []:
        return h
    out = h.clone()
    out[:, slice(None) if positions is None else positions] += alpha * v
    return out
