"""topk_dims: every dimension that ties with the k-th comes along."""


def topk_dims(delta, k):
    size = delta.abs()
    order = size.argsort(descending=True)
    return order[size[order] >= size[order[k - 1]]]
