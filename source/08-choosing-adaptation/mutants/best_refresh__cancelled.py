"""The geometric sum divided by c: no digits are left where c is tiny."""


def mean_fresh(change: float, every: int, delay: int = 0) -> float:
    if change == 0:
        return 1.0
    return (1 - change) ** delay * (1 - (1 - change) ** every) / (change * every)


def best_refresh(change: float, refresh_cost: float, wrong_cost: float, queries: float, longest: int,
                 delay: int = 0) -> int:
    def daily(every: int) -> float:
        return refresh_cost / every + queries * wrong_cost * (1 - mean_fresh(change, every, delay))
    return min(range(1, longest + 1), key=daily)
