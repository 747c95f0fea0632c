"""zip cuts silently when there are fewer strengths than dimensions."""


def steer_dims(h, idx, strengths):
    if len(set(idx)) != len(idx):
        raise ValueError("each dimension once")
    out = h.clone()
    for i, s in zip(idx, strengths):
        out[..., i] += s * h[..., i]
    return out
