"""Every candidate by counting."""
import math


def choose_threshold(right, wrong, share_right, cost_wrong, cost_miss):
    if not len(right) or not len(wrong):
        raise ValueError("empty")
    if share_right < 0 or share_right > 1 or min(cost_wrong, cost_miss) < 0:
        raise ValueError("share or cost")
    best = None
    for t in sorted({float(x) for x in [*right, *wrong]} | {math.inf}, reverse=True):
        h = sum(float(x) >= t for x in right) / len(right)
        f = sum(float(x) >= t for x in wrong) / len(wrong)
        c = cost_miss * share_right * (1 - h) + (1 - share_right) * (cost_miss * (1 - f) + cost_wrong * f)
        if best is None or c < best[1]:
            best = (t, float(c), h, f)
    return best
