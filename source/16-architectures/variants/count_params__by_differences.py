"""Total first; active is the total less what sleeps; a list comes back."""


def count_params(shape):
    s = shape
    once = s.vocab * s.width * (2 - int(s.tied)) + s.width
    if s.latent is not None:
        a, b, n, r, v = s.latent
        per = (s.width * a + a + a * s.heads * (n + r)) if a else s.width * s.heads * (n + r)
        per += s.width * (b + r) + b + b * s.heads * (n + v) + s.heads * v * s.width
    else:
        per = 2 * s.width * s.head_dim * (s.heads + s.kv_heads)
        per += (s.heads + 2 * s.kv_heads) * s.head_dim if s.qkv_bias else 0
        per += 2 * s.head_dim if s.qk_norm else 0
    sparse = max(s.layers - s.dense_layers, 0) if s.experts else 0
    expert = 3 * s.width * s.expert_hidden
    total = once + s.layers * (per + 2 * s.width) + (s.layers - sparse) * 3 * s.width * s.hidden
    total += sparse * (s.width * s.experts + expert * (s.experts + s.shared))
    return [total, total - sparse * expert * (s.experts - s.chosen)]
