"""One sweep from the cheapest to the dearest."""

import math
from itertools import groupby


def shortlist(models, context=0, open_weights=False, sure=True):
    fit = [m for m in models if not m["context"] < context and (not open_weights or m["open"])]
    fit.sort(key=lambda m: (m["cost"], -m["quality"]))
    names, best = [], -math.inf
    for _, same in groupby(fit, key=lambda m: m["cost"]):
        same = list(same)
        if sure:
            best = max([best] + [m["low"] for m in same])
            names += [m["name"] for m in same if not m["high"] < best]
        else:
            top = max(m["quality"] for m in same)
            if top > best:
                names += [m["name"] for m in same if m["quality"] == top]
                best = top
    return names
