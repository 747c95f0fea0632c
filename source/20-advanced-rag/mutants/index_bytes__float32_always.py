"""Every number takes 4 bytes."""
def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    size = d * 4 if pq_m is None else pq_m * nbits // 8
    return n * tokens_per_doc * size
