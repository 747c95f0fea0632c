"""q - zero in uint8 wraps around."""


def dequant_asym(q, scale, zero):
    groups = q.reshape(*scale.shape, -1)
    steps = (groups - zero[..., None]).to(scale.dtype)
    return (steps * scale[..., None]).reshape(q.shape)
