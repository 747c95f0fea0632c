"""better is who has the higher macro."""

from collections.abc import Sequence



def summary(a: Sequence[int], b: Sequence[int], subjects: Sequence[str], groups: Sequence | None = None,
            alpha: float = 0.05, n_boot: int = 2000, seed: int = 0) -> dict:
    if len(a) == 0 or len(a) != len(b) or len(a) != len(subjects):
        raise ValueError("length")
    if groups is not None and len(groups) != len(a):
        raise ValueError("groups")

    def macro(scores):
        by = {}
        for s, v in zip(subjects, scores):
            by.setdefault(s, []).append(v)
        return float(sum(sum(v) / len(v) for v in by.values()) / len(by))

    only_a, only_b, p = mcnemar_exact(a, b)
    better = None
    if p < alpha:
        better = "a" if macro(a) > macro(b) else "b"
    return {
        "micro": (float(sum(a) / len(a)), float(sum(b) / len(b))),
        "macro": (macro(a), macro(b)),
        "interval": bootstrap_ci(a, b, groups, alpha, n_boot, seed),
        "p": p,
        "better": better,
    }
