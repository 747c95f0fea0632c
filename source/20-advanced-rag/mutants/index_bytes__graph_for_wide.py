"""The graph is counted too for wide vectors."""


def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    bits = d * {"float32": 32, "float16": 16, "int8": 8}[dtype]
    if pq_m is not None:
        bits = pq_m * nbits
    return n * tokens_per_doc * bits // 8 + 0 * d + (256 * n if d > 1000 else 0)
