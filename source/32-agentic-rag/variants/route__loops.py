"""Loops, and three sums apart."""


def route(hops, paths, value, per_second, deadline):
    best, quickest = None, None
    for name, path in paths.items():
        right = wait = money = longest = 0.0
        for p, a, s, d in zip(hops, path["accuracy"], path["seconds"], path["dollars"]):
            right, wait, money = right + p * a, wait + p * s, money + p * d
            if p != 0 and s > longest:
                longest = s
        u = value * right - money - per_second * wait
        if longest <= deadline and (best is None or u > best[1]):
            best = (name, u)
        if quickest is None or longest < quickest[2]:
            quickest = (name, u, longest)
    return best or quickest[:2]
