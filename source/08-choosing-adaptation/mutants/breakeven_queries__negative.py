"""A negative number of queries."""
import math
from collections.abc import Mapping


def query_cost(plan: Mapping[str, float], prices: Mapping[str, float], minimum: int = 1024) -> float:
    hit = plan["hit"] if plan["prefix"] >= minimum else 0.0
    prefix = plan["prefix"] * (hit * prices["cached"] + (1 - hit) * prices["input"])
    return (prefix + plan["fresh"] * prices["input"] + plan["output"] * prices["output"]) / 1e6 + plan["extra"]


def breakeven_queries(once_a: float, each_a: float, once_b: float, each_b: float) -> float:
    if each_b > each_a or (each_b == each_a and once_b > once_a):
        return math.inf
    return (once_b - once_a) / (each_a - each_b)
