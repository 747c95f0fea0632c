"""float64 scales give float32 weights."""


def dequant_asym(q, scale, zero):
    groups = q.reshape(*scale.shape, -1)
    steps = groups.to(scale.dtype) - zero[..., None].to(scale.dtype)
    return (steps * scale[..., None]).reshape(q.shape).float()
