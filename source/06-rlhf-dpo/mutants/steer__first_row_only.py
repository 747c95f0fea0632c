"""Only the first sequence of the batch is steered."""


def steer(h, v, alpha, positions=None):
    out = h.clone()
    at = slice(None) if positions is None else positions
    out[0, at] += alpha * v
    return out
