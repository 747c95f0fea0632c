"""Claim by claim."""
import math


def noise_sensitivity(r2gt, r2a, gt2a, mode="relevant"):
    if mode not in {"relevant", "irrelevant", "unsupported"}:
        raise ValueError("mode")
    relevant = {c for row in r2gt.tolist() for c, v in enumerate(row) if v}
    count = 0
    for claim, true in zip(r2a.tolist(), gt2a.tolist()):
        sources = {c for c, v in enumerate(claim) if v}
        origin = "unsupported" if not sources else "relevant" if sources & relevant else "irrelevant"
        count += (not true) and origin == mode
    return count / len(gt2a) if len(gt2a) else math.nan
