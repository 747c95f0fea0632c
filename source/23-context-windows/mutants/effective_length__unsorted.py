"""Walks in the order of the list."""
from collections.abc import Sequence

from jaxtyping import Int
from torch import Tensor


def effective_length(lengths: Sequence[int], right: Int[Tensor, "L D"], trials: int, threshold: float,
                     by: str = "mean") -> int:
    if by not in ("mean", "worst"):
        raise ValueError("by is 'mean' or 'worst'")
    best = 0
    for length, row in zip(lengths, right.double()):
        score = (row.mean() if by == "mean" else row.min()).item() / trials
        if score < threshold - 1e-9:
            break
        best = int(length)
    return best
