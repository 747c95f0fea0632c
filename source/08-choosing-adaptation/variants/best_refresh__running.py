"""One running sum for all intervals, in numpy."""
import math
import numpy as np


def mean_fresh(change: float, every: int, delay: int = 0) -> float:
    return float(np.mean((1.0 - change) ** np.arange(delay, delay + every)))


def best_refresh(change: float, refresh_cost: float, wrong_cost: float, queries: float, longest: int,
                 delay: int = 0) -> int:
    every = np.arange(1, longest + 1)
    means = np.cumsum((1.0 - change) ** np.arange(delay, delay + longest)) / every
    return int(np.argmin(refresh_cost / every + queries * wrong_cost * (1 - means))) + 1
