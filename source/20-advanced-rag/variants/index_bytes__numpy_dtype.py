"""The size of a number is asked from numpy."""
import math
import numpy as np

def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    if pq_m:
        per_vector = math.ceil(pq_m * nbits / 8)
    else:
        per_vector = d * np.dtype(dtype).itemsize
    return per_vector * n * tokens_per_doc
