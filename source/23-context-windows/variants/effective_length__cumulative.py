"""With a running minimum."""
import itertools


def effective_length(lengths, right, trials, threshold, by="mean"):
    if by not in {"mean", "worst"}:
        raise ValueError("by")
    rows = right.tolist()
    pairs = sorted((a, sum(r) / (len(r) * trials) if by == "mean" else min(r) / trials) for a, r in zip(lengths, rows))
    running = itertools.accumulate((s for _, s in pairs), min)
    return max((a for (a, _), low in zip(pairs, running) if low >= threshold - 1e-9), default=0)
