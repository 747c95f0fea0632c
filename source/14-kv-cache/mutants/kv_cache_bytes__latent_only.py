"""The rotary key of MLA is forgotten."""

def kv_cache_bytes(layers, n_kv, head_dim, seq, batch=1, bytes=2, window=None, mla=None):
    tokens = seq if window is None else min(seq, window)
    elements = 2 * n_kv * head_dim if mla is None else mla[0]
    return layers * elements * tokens * batch * bytes
