"""Python's own random numbers; the quantile by an index."""
import math
import random


def gate(old, new, max_drop, alpha=0.05, n_boot=2000, seed=0):
    if len(old) != len(new):
        raise ValueError("not the same samples")
    d = []
    for a, b in zip(old, new):
        if not math.isnan(a):
            d.append(-a if math.isnan(b) else b - a)
    if not d:
        raise ValueError("no pairs")
    draw = random.Random(seed)
    means = sorted(math.fsum(draw.choices(d, k=len(d))) / len(d) for _ in range(n_boot))
    bound = means[round(alpha * (n_boot - 1))]
    return bound >= -max_drop, bound
