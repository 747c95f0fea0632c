"""All programs of all tasks in one pot."""

from collections.abc import Sequence


def mean_pass_at_k(counts: Sequence[tuple[int, int]], k: int) -> float:
    """The mean of pass@k over tasks, each with its (n, c): [(4, 1), (2, 2)] at k = 2 gives 0.75."""
    if not counts:
        raise ValueError("no tasks")
    for n, c in counts:
        pass_at_k(n, c, k)
    return pass_at_k(sum(n for n, _ in counts), sum(c for _, c in counts), k)
