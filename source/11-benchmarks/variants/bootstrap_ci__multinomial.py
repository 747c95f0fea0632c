"""How often each group is drawn, at once."""

import numpy as np


def bootstrap_ci(x, y=None, groups=None, alpha=0.05, n_boot=2000, seed=0):
    values = np.array(x, dtype=np.float64)
    if y is not None:
        if len(y) != len(values):
            raise ValueError("length of y")
        values = values - np.array(y, dtype=np.float64)
    if not len(values) or groups is not None and len(groups) != len(values):
        raise ValueError("length")
    names = list(range(len(values))) if groups is None else list(groups)
    order = {name: i for i, name in enumerate(dict.fromkeys(names))}
    member = np.zeros((len(values), len(order)))
    member[np.arange(len(values)), [order[name] for name in names]] = 1.0
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(order), np.full(len(order), 1 / len(order)), size=n_boot)
    means = (counts @ (values @ member)) / (counts @ member.sum(0))
    return float(np.mean(values)), float(np.quantile(means, alpha / 2)), float(np.quantile(means, 1 - alpha / 2))
