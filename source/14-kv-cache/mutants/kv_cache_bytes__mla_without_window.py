"""The window is ignored for latent caches."""

def kv_cache_bytes(layers, n_kv, head_dim, seq, batch=1, bytes=2, window=None, mla=None):
    tokens = seq if window is None else min(seq, window)
    if mla is not None:
        return layers * sum(mla) * seq * batch * bytes
    return layers * 2 * n_kv * head_dim * tokens * batch * bytes
