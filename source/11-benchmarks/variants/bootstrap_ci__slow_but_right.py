"""Draw by draw, items put together."""

import numpy as np


def bootstrap_ci(x, y=None, groups=None, alpha=0.05, n_boot=2000, seed=0):
    x = np.array([float(v) for v in x])
    if x.size == 0:
        raise ValueError("no items")
    if y is not None and len(y) != len(x) or groups is not None and len(groups) != len(x):
        raise ValueError("lengths")
    d = x if y is None else x - np.array([float(v) for v in y])
    if groups is None:
        parts = [d[i:i + 1] for i in range(len(d))]
    else:
        names = np.array([str(g) for g in groups])
        parts = [d[names == name] for name in sorted(set(names))]
    rng = np.random.default_rng(seed)
    means = sorted(float(np.concatenate([parts[i] for i in rng.integers(0, len(parts), len(parts))]).mean()) for _ in range(n_boot))
    return float(d.mean()), means[int(alpha / 2 * (n_boot - 1) + 0.5)], means[int((1 - alpha / 2) * (n_boot - 1) + 0.5)]
