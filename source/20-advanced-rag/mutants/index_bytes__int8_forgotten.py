"""Everything that is not float32 takes 2 bytes."""
def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    size = d * (4 if dtype == 'float32' else 2) if pq_m is None else pq_m * nbits // 8
    return n * tokens_per_doc * size
