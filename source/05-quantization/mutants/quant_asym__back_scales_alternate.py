"""Scales are repeated side by side instead of each for its neighbours."""


def dequant_asym(q, scale, zero):
    times = q.shape[1] // scale.shape[1]
    return scale.repeat(1, times) * (q.to(scale.dtype) - zero.to(scale.dtype).repeat(1, times))
