"""The lowest line between neighbouring crossings."""
from collections.abc import Mapping


def cheapest_by_volume(plans: Mapping[str, tuple[float, float]]) -> list[tuple[float, str]]:
    lines = list(plans.values())
    stops = sorted({0.0} | {(b - a) / (p - q) for a, p in lines for b, q in lines if p > q and b > a})
    path: list[tuple[float, str]] = []
    for n, end in zip(stops, [*stops[1:], 2 * stops[-1] + 1]):
        if plans and end - n > 1e-12 * max(n, 1e-3):
            middle = (n + end) / 2
            best = min(plans, key=lambda name: plans[name][0] + middle * plans[name][1])
            if not path or plans[path[-1][1]] != plans[best]:
                path.append((n, best))
    return path
