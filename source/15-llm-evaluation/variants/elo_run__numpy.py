"""With an array of ratings and tanh."""
import numpy as np


def elo_update(ra, rb, s, k=32.0):
    if s not in {0.0, 0.5, 1.0}:
        raise ValueError("outcome")
    expected = 0.5 + 0.5 * np.tanh((ra - rb) * np.log(10) / 800)
    return float(ra + k * (s - expected)), float(rb - k * (s - expected))


def elo_run(n, games, k=32.0, start=1000.0):
    r = np.full(n, start, dtype=np.float64)
    for a, b, s in games:
        if a == b:
            raise ValueError("itself")
        r[[a, b]] = elo_update(r[a], r[b], s, k)
    return r.tolist()
