"""max and a signed difference."""
import math
from collections.abc import Mapping


def query_cost(plan: Mapping[str, float], prices: Mapping[str, float], minimum: int = 1024) -> float:
    dollars = {name: price / 1_000_000 for name, price in prices.items()}
    cached = plan["prefix"] * plan["hit"] if plan["prefix"] >= minimum else 0
    full = plan["prefix"] - cached + plan["fresh"]
    return cached * dollars["cached"] + full * dollars["input"] + plan["output"] * dollars["output"] + plan["extra"]


def breakeven_queries(once_a: float, each_a: float, once_b: float, each_b: float) -> float:
    saved, paid = each_a - each_b, once_b - once_a
    if saved > 0:
        return max(0.0, paid / saved)
    return 0.0 if saved == 0 and paid <= 0 else float("inf")
