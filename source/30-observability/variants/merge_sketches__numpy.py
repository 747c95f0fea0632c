"""numpy for logarithms and cumulative counts"""
import math

import numpy as np


def sketch(values, alpha):
    x = np.asarray(list(values), dtype=np.float64)
    if not np.all(np.isfinite(x)) or (x < 0).any():
        raise ValueError("not a duration")
    i = np.ceil(np.log(x[x > 0]) / (np.log1p(alpha) - np.log1p(-alpha))).astype(np.int64)
    keys, counts = np.unique(i, return_counts=True)
    return {"alpha": alpha, "zero": int((x == 0).sum()), "buckets": dict(zip(keys.tolist(), counts.tolist()))}


def merge_sketches(sketches):
    if len(set(s["alpha"] for s in sketches)) != 1:
        raise ValueError("one alpha was asked for")
    out = {"alpha": sketches[0]["alpha"], "zero": 0, "buckets": {}}
    for s in sketches:
        out["zero"] += s["zero"]
        for i in s["buckets"]:
            out["buckets"][i] = out["buckets"].get(i, 0) + s["buckets"][i]
    return out


def quantile(sketch, q):
    if q != q or q < 0 or q > 1:
        raise ValueError("q between 0 and 1")
    keys = sorted(sketch["buckets"])
    upto = np.cumsum([sketch["zero"]] + [sketch["buckets"][i] for i in keys])
    if upto[-1] == 0:
        return None
    at = int(np.searchsorted(upto, math.floor(q * (int(upto[-1]) - 1)), side="right"))
    alpha = sketch["alpha"]
    return 0.0 if at == 0 else float(((1 + alpha) / (1 - alpha)) ** keys[at - 1] * (1 - alpha))
