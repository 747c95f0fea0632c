"""scale * q - zero."""


def dequant_asym(q, scale, zero):
    groups = q.reshape(*scale.shape, -1)
    steps = groups.to(scale.dtype) - zero[..., None].to(scale.dtype)
    return (groups.to(scale.dtype) * scale[..., None] - zero[..., None].to(scale.dtype)).reshape(q.shape)
