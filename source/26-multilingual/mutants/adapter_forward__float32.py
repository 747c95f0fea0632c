"""float64 is computed in float32."""


def stacked(x, *adapters):
    h = x.float()
    for down, down_bias, up, up_bias in adapters:
        inner = (h @ down.to(h.dtype).T + down_bias.to(h.dtype)).relu()
        h = h + inner @ up.to(h.dtype).T + up_bias.to(h.dtype)
    return h.clone().to(x.dtype)
