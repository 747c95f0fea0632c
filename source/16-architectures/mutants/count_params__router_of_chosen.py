"""The active router is as wide as the chosen."""


def count_params(shape):
    s, D = shape, shape.width
    if s.latent is None:
        q, kv = s.heads * s.head_dim, s.kv_heads * s.head_dim
        attention = 2 * D * (q + kv) + s.qkv_bias * (q + 2 * kv) + s.qk_norm * 2 * s.head_dim
    else:
        q_rank, kv_rank, nope, rope, value = s.latent
        q = s.heads * (nope + rope)
        attention = D * q_rank + q_rank + q_rank * q if q_rank else D * q
        attention += D * (kv_rank + rope) + kv_rank + kv_rank * s.heads * (nope + value) + s.heads * value * D
    dense = s.dense_layers if s.experts else s.layers
    common = s.vocab * D * (1 if s.tied else 2) + D + s.layers * (attention + 2 * D) + dense * 3 * D * s.hidden

    def with_experts(n):
        return common + (s.layers - dense) * (D * n + (n + s.shared) * 3 * D * s.expert_hidden)
    return with_experts(s.experts), with_experts(s.chosen)
