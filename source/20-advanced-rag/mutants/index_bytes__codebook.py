"""The codebook is added, which the statement leaves out."""
def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    size = d * {'float32': 4, 'float16': 2, 'int8': 1}[dtype] if pq_m is None else pq_m * nbits // 8
    return n * tokens_per_doc * size + (0 if pq_m is None else 4 * d * 2 ** nbits)
