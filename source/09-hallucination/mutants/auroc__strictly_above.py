"""Flagged is what scores above the threshold."""
import math


def pick_threshold(scores, wrong, precision):
    if scores.isnan().any():
        raise ValueError("a NaN is no score")
    best = (0, math.inf)
    for t in sorted(set(scores.tolist()), reverse=True):
        flagged = wrong[scores.double() > t]
        hits = int(flagged.sum())
        if hits > best[0] and hits / max(len(flagged), 1) >= precision:
            best = (hits, t)
    return best[1]
