"""Counts in the dtype of the verdicts."""


def context_precision_batch(V):
    hit, there = (V == 1).to(V.dtype), (V != -1).to(V.dtype)
    so_far = hit.cumsum(1, dtype=V.dtype)
    total = (hit * so_far / there.cumsum(1, dtype=V.dtype).clamp(min=1)).sum(1)
    return total.double() / hit.sum(1).clamp(min=1)
