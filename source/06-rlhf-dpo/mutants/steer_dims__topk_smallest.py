"""topk_dims: ascending order, so the smallest come first."""


def topk_dims(delta, k):
    return delta.abs().argsort()[:k]
