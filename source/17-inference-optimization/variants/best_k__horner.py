"""A loop after Horner; the best by a scan."""

def expected_tokens(alpha, k):
    total = 1.0
    for _ in range(k):
        total = 1.0 + alpha * total
    return total


def speedup(alpha, k, c, extra=0.0):
    return expected_tokens(alpha, k) / (1.0 + k * c + k * extra)


def best_k(alpha, c, extra=0.0, most=16):
    top = max(speedup(alpha, k, c, extra) for k in range(most + 1))
    k = 0
    while speedup(alpha, k, c, extra) < top - 1e-9 * top:
        k += 1
    return k
