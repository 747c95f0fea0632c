"""The window is ignored."""

def kv_cache_bytes(layers, n_kv, head_dim, seq, batch=1, bytes=2, window=None, mla=None):
    elements = 2 * n_kv * head_dim if mla is None else sum(mla)
    return layers * elements * seq * batch * bytes
