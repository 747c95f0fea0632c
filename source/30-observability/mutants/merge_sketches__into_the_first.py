"""all is added to the first sketch's own dict"""
from collections.abc import Sequence


def merge_sketches(sketches: Sequence[dict]) -> dict:
    if len({s["alpha"] for s in sketches}) != 1:
        raise ValueError("no sketch, or sketches of different alpha")
    buckets = sketches[0]["buckets"]
    for s in sketches[1:]:
        for i, n in s["buckets"].items():
            buckets[i] = buckets.get(i, 0) + n
    return {"alpha": sketches[0]["alpha"], "zero": sum(s["zero"] for s in sketches), "buckets": buckets}
