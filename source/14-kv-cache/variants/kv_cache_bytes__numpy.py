"""A numpy product, converted back to int."""
import numpy as np

def kv_cache_bytes(layers, n_kv, head_dim, seq, batch=1, bytes=2, window=None, mla=None):
    kept = np.minimum(seq, np.inf if window is None else window)
    elements = np.sum(mla) if mla else 2 * n_kv * head_dim
    return int(np.prod([layers, elements, kept, batch, bytes], dtype=np.float64))
