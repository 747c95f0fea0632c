"""Tokens are cut to whole ones, though they are averages."""

import math


def query_cost(plan, prices, minimum=1024):
    hit = plan["hit"] if plan["prefix"] >= minimum else 0
    prefix = plan["prefix"] * (hit * prices["cached"] + (1 - hit) * prices["input"])
    return (prefix + int(plan["fresh"]) * prices["input"] + int(plan["output"]) * prices["output"]) / 1e6 + plan["extra"]


def breakeven_queries(once_a, each_a, once_b, each_b):
    if each_b > each_a:
        return math.inf
    if once_b <= once_a:
        return 0.0
    if each_a == each_b:
        return math.inf
    return (once_b - once_a) / (each_a - each_b)
