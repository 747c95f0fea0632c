"""Chance from an even distribution over the labels."""
import math


def cohen_kappa(a, b, weights=None):
    distances = {None: lambda x, y: float(x != y), "linear": lambda x, y: abs(x - y),
                 "quadratic": lambda x, y: (x - y) ** 2}
    if weights not in distances or len(a) != len(b):
        raise ValueError("weights must be None, linear or quadratic, and a and b of one length")
    distance = distances[weights]
    left, right = ({x: list(side).count(x) for x in set(side)} for side in (a, b))
    seen = sum(distance(x, y) for x, y in zip(a, b)) * len(a)
    chance = sum(distance(x, y) * len(a) ** 2 / len({*a, *b}) ** 2 for x in {*a, *b} for y in {*a, *b})
    return float(1 - seen / chance) if chance else math.nan
