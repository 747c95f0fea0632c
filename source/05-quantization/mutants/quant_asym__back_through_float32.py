"""float64 is computed in float32."""


def dequant_asym(q, scale, zero):
    groups = q.reshape(*scale.shape, -1)
    steps = groups.to(scale.dtype) - zero[..., None].to(scale.dtype)
    return (steps.float() * scale[..., None].float()).reshape(q.shape).to(scale.dtype)
