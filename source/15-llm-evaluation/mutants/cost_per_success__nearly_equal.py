"""Points within a millionth are equal."""

import math


def cost_per_success(price_in, price_out, tokens_in, tokens_out, accuracy, retries=0, error_cost=0.0):
    if not 0 <= accuracy <= 1 or retries < 0:
        raise ValueError("arguments")
    if accuracy == 0:
        return math.inf
    each = (price_in * tokens_in + price_out * tokens_out) / 1e6
    fail = (1 - accuracy) ** (retries + 1)
    return each / accuracy + error_cost * fail / (1 - fail)


def pareto(points):
    out = []
    for k, (c, q) in enumerate(points):
        if not any(x <= c and y >= q and (x < c - 1e-6 or y > q + 1e-6) for x, y in points):
            out.append(k)
    return out
