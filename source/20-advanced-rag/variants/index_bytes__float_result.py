"""Computed in floating point; whole numbers come out as floats."""
def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    bits = {"float32": 32, "float16": 16, "int8": 8}[dtype] * d
    if pq_m is not None:
        bits = pq_m * nbits
    return n * tokens_per_doc * bits / 8
