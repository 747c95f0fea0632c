"""nbits replaces the dtype without product quantisation."""


def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    bits = d * {"float32": 32, "float16": 16, "int8": 8}[dtype]
    if pq_m is None and nbits != 8:
        bits = d * nbits
    if pq_m is not None:
        bits = pq_m * nbits
    return n * tokens_per_doc * bits // 8
