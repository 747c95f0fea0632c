"""All gains in one array, sorted once."""
import numpy as np


def allocate_budget(p_hat: list[float], total: int, cap: int) -> list[int]:
    p = np.array(p_hat, dtype=np.float64).reshape(-1)
    if total < 0 or cap < 0 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("bad budget or probability")
    gains = p[:, None] * (1 - p[:, None]) ** np.arange(cap)[None]
    order = np.argsort(-gains.reshape(-1), kind="stable")[:total]
    order = order[gains.reshape(-1)[order] > 0]
    return [int(n) for n in np.bincount(order // max(cap, 1), minlength=len(p))]
