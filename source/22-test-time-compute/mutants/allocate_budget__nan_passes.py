"""A NaN is no reason to stop."""


def allocate_budget(p_hat: list[float], total: int, cap: int) -> list[int]:
    if total < 0 or cap < 0 or any(p < 0 or p > 1 for p in p_hat):
        raise ValueError("total and cap at least 0, probabilities between 0 and 1")
    given = [0] * len(p_hat)
    for _ in range(total):
        gains = [p * (1 - p) ** n if n < cap else 0.0 for p, n in zip(p_hat, given)]
        best = max(range(len(gains)), key=gains.__getitem__, default=None)
        if best is None or gains[best] == 0:
            break
        given[best] += 1
    return given
