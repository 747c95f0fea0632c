"""At least one shared expert."""

def count_params(shape):
    s, D = shape, shape.width
    total = s.vocab * D * (1 if s.tied else 2) + D
    asleep = 0
    for i in range(s.layers):
        total += 2 * D
        if s.latent is None:
            total += 2 * s.heads * s.head_dim * D + 2 * s.kv_heads * s.head_dim * D
            if s.qkv_bias:
                total += (s.heads + 2 * s.kv_heads) * s.head_dim
            if s.qk_norm:
                total += 2 * s.head_dim
        else:
            qr, kr, n, r, v = s.latent
            total += D * (kr + r) + kr + kr * s.heads * (n + v)
            total += D * qr + qr + qr * s.heads * (n + r) if qr else D * s.heads * (n + r)
            total += s.heads * v * D
        if s.experts == 0 or i < s.dense_layers:
            total += 3 * D * s.hidden
        else:
            total += D * s.experts + (s.experts + max(s.shared, 1)) * 3 * D * s.expert_hidden
            asleep += (s.experts - s.chosen) * 3 * D * s.expert_hidden
    return total, total - asleep
