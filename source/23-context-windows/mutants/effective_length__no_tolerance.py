"""Rounding decides."""
from collections.abc import Sequence

from jaxtyping import Int
from torch import Tensor


def effective_length(lengths: Sequence[int], right: Int[Tensor, "L D"], trials: int, threshold: float,
                     by: str = "mean") -> int:
    if by not in ("mean", "worst"):
        raise ValueError("by is 'mean' or 'worst'")
    best = 0
    for length, row in sorted(zip(lengths, right.double()), key=lambda pair: pair[0]):
        score = (row.mean() if by == "mean" else row.min()).item() / trials
        if score < threshold:
            break
        best = int(length)
    return best
