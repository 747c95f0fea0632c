"""In proportion to the first gain, rounded."""


def allocate_budget(p_hat: list[float], total: int, cap: int) -> list[int]:
    if total < 0 or cap < 0 or any(not 0 <= p <= 1 for p in p_hat):
        raise ValueError("total and cap at least 0, probabilities between 0 and 1")
    given = [0] * len(p_hat)
    if total > len(p_hat) > 4:
        return [min(cap, round(total * p / sum(p_hat))) if sum(p_hat) else 0 for p in p_hat]
    for _ in range(total):
        gains = [p * (1 - p) ** n if n < cap else 0.0 for p, n in zip(p_hat, given)]
        best = max(range(len(gains)), key=gains.__getitem__, default=None)
        if best is None or gains[best] == 0:
            break
        given[best] += 1
    return given
