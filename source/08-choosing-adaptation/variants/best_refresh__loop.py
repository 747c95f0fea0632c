"""Plain loops."""
import math


def mean_fresh(change: float, every: int, delay: int = 0) -> float:
    total = 0.0
    for j in range(every):
        total += (1 - change) ** (delay + j)
    return total / every


def best_refresh(change: float, refresh_cost: float, wrong_cost: float, queries: float, longest: int,
                 delay: int = 0) -> int:
    costs, total = [], 0.0
    for every in range(1, longest + 1):
        total += (1 - change) ** (delay + every - 1)
        costs.append(refresh_cost / every + queries * wrong_cost * (1 - total / every))
    return costs.index(min(costs)) + 1
