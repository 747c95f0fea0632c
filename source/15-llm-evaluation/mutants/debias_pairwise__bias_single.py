"""Every valid verdict counts for the bias, its pair or not."""
import math


def position_bias(first, second):
    if len(first) != len(second):
        raise ValueError("a pair needs a verdict in either order")
    seen = [v for pair in zip(first, second) for v in pair if v != "invalid"]
    return (seen.count("A") - seen.count("B")) / len(seen) if seen else math.nan
