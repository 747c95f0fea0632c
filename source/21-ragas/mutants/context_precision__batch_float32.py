"""float32 inside and out."""


def context_precision_batch(V):
    hit, there = (V == 1).float(), (V != -1).float()
    so_far = hit.cumsum(1)
    total = (hit * so_far / there.cumsum(1).clamp(min=1)).sum(1)
    return total / hit.sum(1).clamp(min=1)
