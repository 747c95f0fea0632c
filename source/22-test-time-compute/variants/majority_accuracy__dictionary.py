"""A dictionary of states: (used, tied) to probability, with log-factorials."""
import math
from collections import defaultdict


def majority_accuracy(p: float, N: int, wrong: list[float]) -> float:
    if N < 1 or not all(0 <= c <= 1 for c in [p, *wrong]) or abs(p + sum(wrong) - 1) > 1e-6:
        raise ValueError("no distribution")
    log = [math.lgamma(n + 1) for n in range(N + 1)]
    total = 0.0
    for k in range(1, N + 1):
        if p == 0:
            break
        states = {(k, 0): math.exp(k * math.log(p) - log[k])}
        for w in wrong:
            weights = [math.exp(c * math.log(w) - log[c]) if w > 0 else float(c == 0) for c in range(k + 1)]
            new = defaultdict(float)
            for (used, tied), mass in states.items():
                for c in range(min(k, N - used) + 1):
                    if weights[c]:
                        new[used + c, tied + (c == k)] += mass * weights[c]
            states = new
        total += sum(mass / (tied + 1) for (used, tied), mass in states.items() if used == N) * math.exp(log[N])
    return total
