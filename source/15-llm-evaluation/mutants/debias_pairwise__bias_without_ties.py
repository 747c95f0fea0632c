"""Ties are left out of the bias."""
import math


def position_bias(first, second):
    if len(first) != len(second):
        raise ValueError("a pair needs a verdict in either order")
    seen = [v for pair in zip(first, second) if "invalid" not in pair for v in pair if v != "tie"]
    return (seen.count("A") - seen.count("B")) / len(seen) if seen else math.nan
