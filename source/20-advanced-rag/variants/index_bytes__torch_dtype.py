"""The size of a number is asked from torch."""
import torch

def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    vectors = n * tokens_per_doc
    if pq_m is not None:
        return vectors * (pq_m * nbits // 8)
    return vectors * d * torch.empty(0, dtype=getattr(torch, dtype)).element_size()
