"""Accumulate and takewhile."""


def pack_context(system, memory, summary, turns, query, budget, reserve, count):
    from itertools import accumulate
    left = budget - reserve - count(("system", system)) - count(("user", query))
    if left < 0:
        raise ValueError("no room")
    front = []
    for message in [("memory", t) for t in memory] + ([("summary", summary)] if len(summary) else []):
        c = count(message)
        if c <= left:
            left -= c
            front.append(message)
    prices = list(accumulate(sum(count(m) for m in t) for t in reversed(list(turns))))
    k = 0
    while k < len(prices) and prices[k] <= left:
        k += 1
    kept = list(turns)[len(turns) - k:]
    return [("system", system)] + front + sum((list(t) for t in kept), []) + [("user", query)]
