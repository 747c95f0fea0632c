"""The geometric sum, with care where nothing changes."""
import math


def mean_fresh(change: float, every: int, delay: int = 0) -> float:
    if change == 0:
        return 1.0
    left = (1 - change) ** delay
    return -left * math.expm1(every * math.log1p(-change)) / change / every if change < 1 else left / every


def best_refresh(change: float, refresh_cost: float, wrong_cost: float, queries: float, longest: int,
                 delay: int = 0) -> int:
    best, least = 1, math.inf
    for every in range(1, longest + 1):
        cost = refresh_cost / every + queries * wrong_cost * (1 - mean_fresh(change, every, delay))
        if cost < least:
            best, least = every, cost
    return best
