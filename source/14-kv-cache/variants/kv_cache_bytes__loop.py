"""Adds up layer by layer, keys and values apart."""

def kv_cache_bytes(layers, n_kv, head_dim, seq, batch=1, bytes=2, window=None, mla=None):
    total = 0
    for _ in range(layers):
        if mla is not None:
            c_kv, d_rope = mla
            parts = [c_kv, d_rope]
        else:
            parts = [n_kv * head_dim, n_kv * head_dim]
        for size in parts:
            total += size * bytes * batch * min(seq, seq if window is None else window)
    return total
