"""sketches of different alpha are merged"""
from collections import defaultdict
from collections.abc import Sequence


def merge_sketches(sketches: Sequence[dict]) -> dict:
    if not sketches:
        raise ValueError("no sketch, or sketches of different alpha")
    buckets: dict[int, int] = defaultdict(int)
    for s in sketches:
        for i, n in s["buckets"].items():
            buckets[i] += n
    return {"alpha": sketches[0]["alpha"], "zero": sum(s["zero"] for s in sketches), "buckets": dict(buckets)}
