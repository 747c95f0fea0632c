"""Slopes within a billionth of each other are taken as parallel."""

import math


def cheapest_by_volume(plans):
    lines = {}
    for name, (once, each) in plans.items():
        lines.setdefault((once, each), name)
    if not lines:
        return []
    here, at = min(lines), 0.0
    out = [(0.0, lines[here])]
    while True:
        flatter = [line for line in lines if line[1] < here[1] and not math.isclose(line[1], here[1])]
        if not flatter:
            return out
        at, _, here = min(((o - here[0]) / (here[1] - e), e, (o, e)) for o, e in flatter)
        out.append((at, lines[here]))
