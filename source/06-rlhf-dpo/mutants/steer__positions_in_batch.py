"""positions index the batch axis instead of time."""


def steer(h, v, alpha, positions=None):
    out = h.clone()
    at = slice(None) if positions is None else [p for p in positions if p < len(h)]
    out[at] += alpha * v
    return out
