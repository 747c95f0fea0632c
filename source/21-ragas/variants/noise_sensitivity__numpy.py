"""By numpy's booleans."""
import numpy as np


def noise_sensitivity(r2gt, r2a, gt2a, mode="relevant"):
    gt, said, true = (t.numpy().astype(bool) for t in (r2gt, r2a, gt2a))
    relevant = gt.any(axis=0)
    yes, other = (said & relevant).any(axis=1), (said & ~relevant).any(axis=1)
    if mode == "relevant":
        kind = yes
    elif mode == "irrelevant":
        kind = other & np.logical_not(yes)
    elif mode == "unsupported":
        kind = ~(yes | other)
    else:
        raise ValueError(mode)
    return float(np.mean(kind & ~true)) if true.size else float("nan")
