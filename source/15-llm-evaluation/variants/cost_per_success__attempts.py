"""Attempt by attempt; the front by sorting."""
import math


def cost_per_success(price_in, price_out, tokens_in, tokens_out, accuracy, retries=0, error_cost=0.0):
    if accuracy < 0 or accuracy > 1 or retries < 0:
        raise ValueError("impossible")
    if accuracy == 0:
        return float("inf")
    each = price_in * tokens_in / 1e6 + price_out * tokens_out / 1e6
    spent, solved, here = 0.0, 0.0, 1.0
    for _ in range(retries + 1):
        spent += here * each
        solved += here * accuracy
        here *= 1 - accuracy
    return (spent + here * error_cost) / solved


def pareto(points):
    kept, best = [], -math.inf
    order = sorted(range(len(points)), key=lambda k: (points[k][0], -points[k][1]))
    last = None
    for k in order:
        if points[k][1] > best:
            kept.append(k)
            best, last = points[k][1], points[k]
        elif last == points[k]:
            kept.append(k)
    return sorted(kept)
