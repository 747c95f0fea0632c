"""Where no threshold has the precision, the most precise one."""
import math


def pick_threshold(scores, wrong, precision):
    if scores.isnan().any():
        raise ValueError("a NaN is no score")
    best = (0, math.inf)
    for t in sorted(set(scores.tolist()), reverse=True):
        flagged = wrong[scores.double() >= t]
        hits = int(flagged.sum())
        if hits > best[0] and hits / len(flagged) >= precision:
            best = (hits, t)
    if best[0] == 0 and wrong.any():
        return max(sorted(set(scores.tolist())), key=lambda t: wrong[scores.double() >= t].double().mean().item())
    return best[1]
