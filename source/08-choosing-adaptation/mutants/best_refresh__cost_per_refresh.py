"""A refresh is paid every day."""
import math


def mean_fresh(change: float, every: int, delay: int = 0) -> float:
    return math.fsum((1 - change) ** (delay + j) for j in range(every)) / every


def best_refresh(change: float, refresh_cost: float, wrong_cost: float, queries: float, longest: int,
                 delay: int = 0) -> int:
    def daily(every: int) -> float:
        return refresh_cost + queries * wrong_cost * (1 - mean_fresh(change, every, delay))
    return min(range(1, longest + 1), key=daily)
