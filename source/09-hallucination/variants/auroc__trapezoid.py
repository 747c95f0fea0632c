"""The area under the ROC curve by trapezoids, value by value."""
import math

import torch


def auroc(scores, wrong):
    if bool(torch.isnan(scores).any()):
        raise ValueError("NaN")
    pairs = {}
    for s, w in zip(scores.tolist(), wrong.tolist()):
        up, down = pairs.get(s, (0, 0))
        pairs[s] = (up + w, down + (not w))
    n1, n0 = sum(u for u, _ in pairs.values()), sum(d for _, d in pairs.values())
    if n1 == 0 or n0 == 0:
        return math.nan
    area = height = 0
    for s in sorted(pairs, reverse=True):
        up, down = pairs[s]
        area += down * (2 * height + up)
        height += up
    return area / (2 * n1 * n0)


def pick_threshold(scores, wrong, precision):
    if any(math.isnan(s) for s in scores.tolist()):
        raise ValueError("NaN")
    options = []
    pairs = list(zip(scores.tolist(), wrong.tolist()))
    for t in {s for s, _ in pairs}:
        flagged = [w for s, w in pairs if s >= t]
        if sum(flagged) and sum(flagged) / len(flagged) >= precision:
            options.append((sum(flagged), t))
    return max(options)[1] if options else math.inf
