"""a value equal to a border belongs to the lower bin"""
from collections.abc import Sequence

import numpy as np


def drift(reference: Sequence[float], current: Sequence[float], bins: int = 10,
          floor: float = 1e-4) -> tuple[float, float]:
    if not len(reference) or not len(current):
        raise ValueError("a sample is empty")
    ref, cur = np.sort(np.asarray(reference, dtype=np.float64)), np.sort(np.asarray(current, dtype=np.float64))
    borders = np.unique(ref[[j * len(ref) // bins for j in range(1, bins)]])
    r, c = (np.bincount(np.searchsorted(borders, x, side="left"),
                        minlength=len(borders) + 1) / len(x) for x in (ref, cur))
    r, c = np.maximum(r, floor), np.maximum(c, floor)
    points = np.concatenate([ref, cur])
    gaps = np.searchsorted(ref, points, side="right") / len(ref) - np.searchsorted(cur, points,
                                                                                   side="right") / len(cur)
    return float(((c - r) * np.log(c / r)).sum()), float(np.abs(gaps).max())
