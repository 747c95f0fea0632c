"""The square root of an economic order quantity."""
import math


def mean_fresh(change: float, every: int, delay: int = 0) -> float:
    return math.fsum((1 - change) ** (delay + j) for j in range(every)) / every


def best_refresh(change: float, refresh_cost: float, wrong_cost: float, queries: float, longest: int,
                 delay: int = 0) -> int:
    def daily(every: int) -> float:
        return refresh_cost / every + queries * wrong_cost * (1 - mean_fresh(change, every, delay))
    loss = queries * wrong_cost * change / 2
    if loss == 0 or refresh_cost == 0:
        return 1 if refresh_cost == 0 else longest
    return max(1, min(longest, round(math.sqrt(refresh_cost / loss))))
