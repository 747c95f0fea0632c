"""Stops at the first threshold whose precision is too low."""
import math


def pick_threshold(scores, wrong, precision):
    if scores.isnan().any():
        raise ValueError("a NaN is no score")
    best = (0, math.inf)
    for t in sorted(set(scores.tolist()), reverse=True):
        flagged = wrong[scores.double() >= t]
        hits = int(flagged.sum())
        if hits and hits / len(flagged) < precision:
            break
        if hits > best[0]:
            best = (hits, t)
    return best[1]
