"""The quotient, which loses its digits near 1."""

def expected_tokens(alpha, k):
    return k + 1.0 if alpha == 1 else (1 - alpha ** (k + 1)) / (1 - alpha)


def speedup(alpha, k, c, extra=0.0):
    return expected_tokens(alpha, k) / (1 + k * (c + extra))


def best_k(alpha, c, extra=0.0, most=16):
    gains = [speedup(alpha, k, c, extra) for k in range(most + 1)]
    return next(k for k, gain in enumerate(gains) if gain >= max(gains) * (1 - 1e-9))
