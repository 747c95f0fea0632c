"""Two bytes an element, whatever was asked."""

def kv_cache_bytes(layers, n_kv, head_dim, seq, batch=1, bytes=2, window=None, mla=None):
    tokens = seq if window is None else min(seq, window)
    elements = 2 * n_kv * head_dim if mla is None else sum(mla)
    return layers * elements * tokens * batch * 2
