"""The age in the middle of the cycle."""
import math


def mean_fresh(change: float, every: int, delay: int = 0) -> float:
    return (1 - change) ** (delay + (every - 1) / 2)


def best_refresh(change: float, refresh_cost: float, wrong_cost: float, queries: float, longest: int,
                 delay: int = 0) -> int:
    def daily(every: int) -> float:
        return refresh_cost / every + queries * wrong_cost * (1 - mean_fresh(change, every, delay))
    return min(range(1, longest + 1), key=daily)
