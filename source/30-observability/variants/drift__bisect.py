"""sorted lists and bisect"""
import bisect
import math


def drift(reference, current, bins=10, floor=1e-4):
    if len(reference) == 0 or len(current) == 0:
        raise ValueError("empty")
    a, b = sorted(reference), sorted(current)
    edges = []
    for j in range(1, bins):
        edge = a[j * len(a) // bins]
        if not edges or edges[-1] != edge:
            edges.append(edge)

    def shares(values):
        at = [bisect.bisect_left(values, e) for e in edges]
        ends = [0, *at, len(values)]
        return [max((y - x) / len(values), floor) for x, y in zip(ends, ends[1:])]

    psi = sum((y - x) * (math.log(y) - math.log(x)) for x, y in zip(shares(a), shares(b)))
    ks = 0.0
    for x in a + b:
        ks = max(ks, abs(bisect.bisect_right(a, x) / len(a) - bisect.bisect_right(b, x) / len(b)))
    return float(psi), float(ks)
