"""A list of matrices as (rows, columns), summed layer by layer."""


def count_params(shape):
    D, H = shape.width, shape.heads
    total = active = D + shape.vocab * D + (0 if shape.tied else shape.vocab * D)
    for layer in range(shape.layers):
        pieces = [(1, D), (1, D)]
        if shape.latent:
            q_rank, kv_rank, nope, rope, value = shape.latent
            if q_rank > 0:
                pieces += [(q_rank, D), (1, q_rank), (H * (nope + rope), q_rank)]
            else:
                pieces += [(H * (nope + rope), D)]
            pieces += [(kv_rank + rope, D), (1, kv_rank), (H * (nope + value), kv_rank), (D, H * value)]
        else:
            E, K = shape.head_dim, shape.kv_heads
            pieces += [(H * E, D), (K * E, D), (K * E, D), (D, H * E)]
            if shape.qkv_bias:
                pieces += [(1, H * E), (1, K * E), (1, K * E)]
            if shape.qk_norm:
                pieces += [(2, E)]
        if shape.experts == 0 or layer < shape.dense_layers:
            pieces += [(shape.hidden, D)] * 3
            sleeping = 0
        else:
            pieces += [(shape.experts, D)] + [(shape.expert_hidden, D)] * 3 * (shape.experts + shape.shared)
            sleeping = (shape.experts - shape.chosen) * 3 * shape.expert_hidden * D
        size = sum(r * c for r, c in pieces)
        total += size
        active += size - sleeping
    return total, active
