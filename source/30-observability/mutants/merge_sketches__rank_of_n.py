"""rank floor(q N)"""
import math


def quantile(sketch: dict, q: float) -> float | None:
    if not 0 <= q <= 1:
        raise ValueError(f"q lies between 0 and 1, not {q}")
    total = sketch["zero"] + sum(sketch["buckets"].values())
    if total == 0:
        return None
    rank, seen, gamma = min(math.floor(q * total), total - 1), sketch["zero"], (1 + sketch["alpha"]) / (1 - sketch["alpha"])
    if rank < seen:
        return 0.0
    for i in sorted(sketch["buckets"]):
        seen += sketch["buckets"][i]
        if rank < seen:
            return 2 * gamma**i / (gamma + 1)
