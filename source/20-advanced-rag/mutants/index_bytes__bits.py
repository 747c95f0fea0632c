"""Bits in place of bytes."""
def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    size = d * {'float32': 32, 'float16': 16, 'int8': 8}[dtype] if pq_m is None else pq_m * nbits
    return n * tokens_per_doc * size
