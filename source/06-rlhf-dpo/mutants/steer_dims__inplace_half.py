"""Half precision in place."""
def steer_dims(h, idx, strengths):
    if len(set(idx)) != len(idx) or len(idx) != len(strengths):
        raise ValueError
    out = h if h.element_size() == 2 else h.clone()
    for i, s in zip(idx, strengths):
        out[..., i] = out[..., i] * (1 + s)
    return out
