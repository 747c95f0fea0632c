"""The interval knows no groups."""

from collections.abc import Sequence


def summary(a: Sequence[int], b: Sequence[int], subjects: Sequence[str], groups: Sequence | None = None,
            alpha: float = 0.05, n_boot: int = 2000, seed: int = 0) -> dict:
    """Two models on the same items: micro, macro, interval, p, better.

    [1, 0] against itself, one subject: micro and macro (0.5, 0.5), interval (0, 0, 0), p 1, better None.
    """
    if not len(a) == len(b) == len(subjects) or len(a) == 0 or (groups is not None and len(groups) != len(a)):
        raise ValueError("a, b, subjects and groups need the same length, and items")

    def macro(right):
        by = {}
        for name, r in zip(subjects, right):
            by.setdefault(name, []).append(r)
        return sum(sum(rs) / len(rs) for rs in by.values()) / len(by)

    only_a, only_b, p = mcnemar_exact(a, b)
    better = None if p >= alpha else "a" if only_a > only_b else "b"
    return {"micro": (sum(a) / len(a), sum(b) / len(b)), "macro": (macro(a), macro(b)),
            "interval": bootstrap_ci(a, b, None, alpha, n_boot, seed), "p": p, "better": better}
