"""Sets of chunks; what is irrelevant is what is left of the false claims."""
import math


def noise_sensitivity(r2gt, r2a, gt2a, mode="relevant"):
    if mode not in ("relevant", "irrelevant", "unsupported"):
        raise ValueError(mode)
    false = [i for i, true in enumerate(gt2a.tolist()) if not true]
    if not gt2a.numel():
        return math.nan
    chunks = {c for row in r2gt.tolist() for c, v in enumerate(row) if v}
    said = [{c for c, v in enumerate(row) if v} for row in r2a.tolist()]
    count = {"relevant": sum(1 for i in false if said[i] & chunks), "unsupported": sum(1 for i in false if not said[i])}
    count["irrelevant"] = len(false) - count["relevant"] - count["unsupported"]
    return count[mode] / len(gt2a)
