"""Case by case."""
import math
from collections.abc import Mapping


def query_cost(plan: Mapping[str, float], prices: Mapping[str, float], minimum: int = 1024) -> float:
    miss = (plan["prefix"] + plan["fresh"]) * prices["input"] + plan["output"] * prices["output"]
    if plan["prefix"] < minimum:
        return plan["extra"] + miss / 1e6
    hit = miss - plan["prefix"] * (prices["input"] - prices["cached"])
    return plan["extra"] + (plan["hit"] * hit + (1 - plan["hit"]) * miss) / 1e6


def breakeven_queries(once_a: float, each_a: float, once_b: float, each_b: float) -> float:
    if once_b <= once_a and each_b <= each_a:
        return 0.0
    if each_b < each_a:
        return (once_b - once_a) / (each_a - each_b)
    return math.inf
