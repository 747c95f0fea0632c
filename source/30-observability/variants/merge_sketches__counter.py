"""counters, ranks by accumulated counts"""
import math
from collections import Counter


def sketch(values, alpha):
    gamma = (1 + alpha) / (1 - alpha)
    if any(math.isnan(x) or math.isinf(x) or x < 0 for x in values):
        raise ValueError("finite values from 0 on were asked for")
    return {"alpha": alpha, "zero": sum(x == 0 for x in values),
            "buckets": dict(Counter(math.ceil(math.log(x, gamma)) for x in values if x != 0))}


def merge_sketches(sketches):
    if not sketches or any(s["alpha"] != sketches[0]["alpha"] for s in sketches):
        raise ValueError("nothing to merge, or different alphas")
    total = Counter()
    for s in sketches:
        total.update(s["buckets"])
    return {"alpha": sketches[0]["alpha"], "zero": sum(s["zero"] for s in sketches), "buckets": dict(total)}


def quantile(sketch, q):
    if not (q >= 0 and q <= 1):
        raise ValueError("q")
    count = sketch["zero"] + sum(sketch["buckets"].values())
    if not count:
        return None
    rank = math.floor(q * (count - 1)) - sketch["zero"]
    if rank < 0:
        return 0.0
    gamma = (1 + sketch["alpha"]) / (1 - sketch["alpha"])
    for i, n in sorted(sketch["buckets"].items()):
        rank -= n
        if rank < 0:
            return 2 * gamma**i / (1 + gamma)
