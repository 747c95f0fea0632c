"""topk_dims: sorted by dimension instead of by size."""


def topk_dims(delta, k):
    return delta.abs().topk(k).indices.sort().values
