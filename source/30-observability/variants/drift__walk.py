"""one walk through both sorted lists, ties together"""
import math


def drift(reference, current, bins=10, floor=1e-4):
    n, m = len(reference), len(current)
    if min(n, m) == 0:
        raise ValueError("a sample is empty")
    a, b, i, j, ks = sorted(map(float, reference)), sorted(map(float, current)), 0, 0, 0.0
    while i < n and j < m:
        x = min(a[i], b[j])
        while i < n and a[i] == x:
            i += 1
        while j < m and b[j] == x:
            j += 1
        ks = max(ks, abs(i / n - j / m))
    edges = [-math.inf, *sorted({a[k * n // bins] for k in range(1, bins)}), math.inf]
    psi = 0.0
    for low, high in zip(edges, edges[1:]):
        r = max(sum(low <= x < high for x in a) / n, floor)
        c = max(sum(low <= x < high for x in b) / m, floor)
        psi += (c - r) * math.log(c / r)
    return psi, ks
