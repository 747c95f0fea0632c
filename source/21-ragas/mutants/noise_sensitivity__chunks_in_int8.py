"""The chunks that support a claim are counted in int8."""
import math

import torch


def noise_sensitivity(r2gt, r2a, gt2a, mode="relevant"):
    if mode not in ("relevant", "irrelevant", "unsupported"):
        raise ValueError("mode")
    r2gt, r2a, gt2a = r2gt.bool(), r2a.bool(), gt2a.bool()
    N = len(gt2a)
    if N == 0:
        return math.nan
    relevant = r2gt.any(0)
    by_relevant = ((r2a & relevant).to(torch.int8).sum(1, dtype=torch.int8) > 0)
    by_other = (r2a & ~relevant).any(1)
    false = ~gt2a
    if mode == "relevant":
        count = false & by_relevant
    elif mode == "irrelevant":
        count = false & by_other & ~by_relevant
    else:
        count = false & ~by_relevant & ~by_other
    return count.sum().item() / N
