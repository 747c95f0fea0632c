"""~ on integers."""
import math


def noise_sensitivity(r2gt, r2a, gt2a, mode="relevant"):
    if mode not in ("relevant", "irrelevant", "unsupported"):
        raise ValueError(f"no mode {mode!r}")
    if len(gt2a) == 0:
        return math.nan
    relevant, said, false = r2gt.bool().any(0), r2a.bool(), (~gt2a).bool()
    by_relevant, by_any = (said & relevant).any(1), said.any(1)
    origin = {"relevant": by_relevant, "irrelevant": by_any & ~by_relevant, "unsupported": ~by_any}[mode]
    return (false & origin).double().mean().item()
