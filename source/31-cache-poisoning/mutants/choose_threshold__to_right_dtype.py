"""Wrong similarities rounded to the dtype of right."""

import math


def choose_threshold(right, wrong, share_right, cost_wrong, cost_miss):
    if len(right) == 0 or len(wrong) == 0 or not 0 <= share_right <= 1 or cost_wrong < 0 or cost_miss < 0:
        raise ValueError("bad")
    right, wrong = right.double(), wrong.to(right.dtype).double()
    best = None
    for t in sorted({*right.tolist(), *wrong.tolist(), math.inf}, reverse=True):
        h, f = (right >= t).double().mean().item(), (wrong >= t).double().mean().item()
        cost = cost_miss * (share_right * (1 - h) + (1 - share_right) * (1 - f)) + cost_wrong * (1 - share_right) * f
        if best is None or cost < best[1]:
            best = (t, cost, h, f)
    return best
