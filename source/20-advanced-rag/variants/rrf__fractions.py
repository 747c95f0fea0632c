"""Exact fractions."""
from fractions import Fraction


def rrf(rankings, k=60, topn=None):
    total = {}
    for ranking in rankings:
        seen = []
        for d in ranking:
            if d not in seen:
                seen.append(d)
                total[d] = total.get(d, Fraction(0)) + 1 / (Fraction(k) + len(seen))
    order = sorted(total, key=lambda d: d)
    order.sort(key=lambda d: total[d], reverse=True)
    return [(d, float(total[d])) for d in (order if topn is None else order[:topn])]
