"""A win and a tie are 0.75."""
import math


def debias_pairwise(first, second):
    if len(first) != len(second):
        raise ValueError("a pair needs a verdict in either order")

    def outcome(a, b):
        if "invalid" in (a, b):
            return math.nan
        return ({"A": 1.0, "B": 0.0}.get(a, 0.5) + {"B": 1.0, "A": 0.0}.get(b, 0.5)) / 2

    return [outcome(a, b) for a, b in zip(first, second)]
