"""only the first and the last alpha are compared"""
from collections import Counter


def merge_sketches(sketches):
    if not sketches or len({sketches[0]["alpha"], sketches[-1]["alpha"]}) > 1:
        raise ValueError("alpha")
    buckets = Counter()
    for s in sketches:
        buckets.update(s["buckets"])
    return {"alpha": sketches[0]["alpha"], "zero": sum(s["zero"] for s in sketches), "buckets": dict(buckets)}
