"""The factor 2 is applied to the latent too."""

def kv_cache_bytes(layers, n_kv, head_dim, seq, batch=1, bytes=2, window=None, mla=None):
    tokens = seq if window is None else min(seq, window)
    elements = n_kv * head_dim if mla is None else sum(mla)
    return 2 * layers * elements * tokens * batch * bytes
