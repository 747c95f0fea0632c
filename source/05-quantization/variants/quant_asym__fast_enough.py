"""timed: every scale is spelt out, through 32-bit integers."""


def dequant_asym(q, scale, zero):
    g = q.shape[1] // scale.shape[1]
    return scale.repeat_interleave(g, 1) * (q.int() - zero.int().repeat_interleave(g, 1))
