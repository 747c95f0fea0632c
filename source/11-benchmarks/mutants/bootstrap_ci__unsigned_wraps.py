"""Differences are taken in the arrays' own dtype: 0 - 1 of unsigned bytes is 255."""

from collections.abc import Sequence

import numpy as np


def bootstrap_ci(x: Sequence[float], y: Sequence[float] | None = None, groups: Sequence | None = None,
                 alpha: float = 0.05, n_boot: int = 2000, seed: int = 0) -> tuple[float, float, float]:
    """(mean, low, high) of x, or of x - y item by item; groups of items are drawn whole.

    bootstrap_ci([1, 1, 1], [0, 0, 0]) is (1.0, 1.0, 1.0).
    """
    values = np.asarray(x, dtype=float)
    if len(values) == 0 or any(other is not None and len(other) != len(values) for other in (y, groups)):
        raise ValueError("x may not be empty; y and groups need its length")
    if y is not None:
        x, y = (np.asarray(v) for v in (x, y))
        values = x.astype(float) - y if bool in (x.dtype, y.dtype) else (x - y).astype(float)
    labels = np.arange(len(values)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    sums, sizes = np.bincount(labels, values), np.bincount(labels)
    draws = np.random.default_rng(seed).integers(0, len(sums), (n_boot, len(sums)))
    means = sums[draws].sum(1) / sizes[draws].sum(1)
    low, high = np.quantile(means, [alpha / 2, 1 - alpha / 2])
    return float(values.mean()), float(low), float(high)
