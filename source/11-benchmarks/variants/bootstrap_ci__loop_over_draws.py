"""timed: a loop over draws with numpy inside, quantiles of the nearest rank."""

from collections import defaultdict

import numpy as np



def bootstrap_ci(x, y=None, groups=None, alpha=0.05, n_boot=2000, seed=0):
    x = np.asarray(x, float).ravel()
    if len(x) == 0:
        raise ValueError("empty")
    if y is not None:
        if len(y) != len(x):
            raise ValueError("y")
        x = x - np.asarray(y, float)
    rng = np.random.RandomState(seed)
    means = []
    if groups is None:
        for _ in range(n_boot):
            means.append(x[rng.randint(0, len(x), len(x))].mean())
    else:
        if len(groups) != len(x):
            raise ValueError("groups")
        members = defaultdict(list)
        for i, g in enumerate(groups):
            members[g].append(i)
        members = [x[v] for v in members.values()]
        for _ in range(n_boot):
            means.append(np.concatenate([members[g] for g in rng.randint(0, len(members), len(members))]).mean())
    low, high = np.quantile(means, [alpha / 2, 1 - alpha / 2], method="nearest")
    return float(x.mean()), float(low), float(high)
