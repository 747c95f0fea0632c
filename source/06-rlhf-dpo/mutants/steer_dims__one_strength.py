"""The first strength serves for all dimensions."""


def steer_dims(h, idx, strengths):
    if len(set(idx)) != len(idx) or len(idx) != len(strengths):
        raise ValueError("each dimension once, with one strength")
    out = h.clone()
    out[..., idx] += h[..., idx] * (strengths[0] if strengths else 0.0)
    return out
