"""No tasks: 0 instead of an error."""

from collections.abc import Sequence


def mean_pass_at_k(counts: Sequence[tuple[int, int]], k: int) -> float:
    """The mean of pass@k over tasks, each with its (n, c): [(4, 1), (2, 2)] at k = 2 gives 0.75."""
    if not counts:
        return 0.0
    return sum(pass_at_k(n, c, k) for n, c in counts) / len(counts)
