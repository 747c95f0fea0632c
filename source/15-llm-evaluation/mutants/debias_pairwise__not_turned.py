"""The second order is not turned round."""
import math


def debias_pairwise(first, second):
    if len(first) != len(second):
        raise ValueError("a pair needs a verdict in either order")

    def outcome(a, b):
        if "invalid" in (a, b):
            return math.nan
        return {("A", "A"): 1.0, ("B", "B"): 0.0}.get((a, b), 0.5)

    return [outcome(a, b) for a, b in zip(first, second)]
