"""positions is ignored: prompt and answer are always steered."""


def steer(h, v, alpha, positions=None):
    out = h.clone()
    at = slice(None)
    out[:, at] += alpha * v
    return out
