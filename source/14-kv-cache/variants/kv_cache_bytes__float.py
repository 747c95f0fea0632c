"""Floating point arithmetic, exact at these sizes."""

def kv_cache_bytes(layers, n_kv, head_dim, seq, batch=1, bytes=2, window=None, mla=None):
    kept = float(seq)
    if window is not None and window < seq:
        kept = float(window)
    per_token = 2.0 * n_kv * head_dim
    if mla is not None:
        per_token = float(mla[0] + mla[1])
    return per_token * layers * kept * batch * bytes
