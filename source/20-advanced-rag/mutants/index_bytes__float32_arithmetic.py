"""Computed in float32, which holds 24 bits."""
import numpy as np


def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    bits = d * {"float32": 32, "float16": 16, "int8": 8}[dtype]
    if pq_m is not None:
        bits = pq_m * nbits
    return int(np.float32(n) * np.float32(tokens_per_doc) * np.float32(bits) / 8)
