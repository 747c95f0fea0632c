"""1.0 where the denominator is 0."""


def cohen_kappa(a, b, weights=None):
    distances = {None: lambda x, y: float(x != y), "linear": lambda x, y: abs(x - y),
                 "quadratic": lambda x, y: (x - y) ** 2}
    if weights not in distances or len(a) != len(b):
        raise ValueError("weights must be None, linear or quadratic, and a and b of one length")
    distance = distances[weights]
    left, right = ({x: list(side).count(x) for x in set(side)} for side in (a, b))
    seen = sum(distance(x, y) for x, y in zip(a, b)) * len(a)
    chance = sum(distance(x, y) * n * m for x, n in left.items() for y, m in right.items())
    return float(1 - seen / chance) if chance else 1.0
