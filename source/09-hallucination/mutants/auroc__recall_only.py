"""The lowest threshold that has the precision, whatever else it flags."""
import math


def pick_threshold(scores, wrong, precision):
    if scores.isnan().any():
        raise ValueError("a NaN is no score")
    best = (0, math.inf)
    for t in sorted(set(scores.tolist()), reverse=True):
        flagged = wrong[scores.double() >= t]
        hits = int(flagged.sum())
        if hits and hits / len(flagged) >= precision:
            best = (hits, t)
    return best[1]
