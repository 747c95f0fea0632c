"""the floor for the current sample alone: the reference is thought to fill its own bins"""
from collections.abc import Sequence

import numpy as np


def drift(reference: Sequence[float], current: Sequence[float], bins: int = 10,
          floor: float = 1e-4) -> tuple[float, float]:
    if not len(reference) or not len(current):
        raise ValueError("a sample is empty")
    ref, cur = np.sort(np.asarray(reference, dtype=np.float64)), np.sort(np.asarray(current, dtype=np.float64))
    borders = np.unique(ref[[j * len(ref) // bins for j in range(1, bins)]])
    r, c = (np.bincount(np.searchsorted(borders, x, side="right"),
                        minlength=len(borders) + 1) / len(x) for x in (ref, cur))
    c = np.maximum(c, floor)
    with np.errstate(divide="ignore"):
        gaps_of_shares = (c - r) * np.log(c / r)
    points = np.concatenate([ref, cur])
    gaps = np.searchsorted(ref, points, side="right") / len(ref) - np.searchsorted(cur, points,
                                                                                   side="right") / len(cur)
    return float(gaps_of_shares.sum()), float(np.abs(gaps).max())
