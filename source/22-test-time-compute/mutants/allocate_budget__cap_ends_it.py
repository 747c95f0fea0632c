"""A full question ends the loop."""


def allocate_budget(p_hat: list[float], total: int, cap: int) -> list[int]:
    if total < 0 or cap < 0 or any(not 0 <= p <= 1 for p in p_hat):
        raise ValueError("total and cap at least 0, probabilities between 0 and 1")
    given = [0] * len(p_hat)
    for _ in range(total):
        gains = [p * (1 - p) ** n for p, n in zip(p_hat, given)]
        best = max(range(len(gains)), key=gains.__getitem__, default=None)
        if best is None or gains[best] == 0:
            break
        if given[best] == cap:
            break
        given[best] += 1
    return given
