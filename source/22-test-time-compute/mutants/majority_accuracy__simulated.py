"""Simulated with 20,000 votes instead of computed."""
import numpy as np


def majority_accuracy(p: float, N: int, wrong: list[float]) -> float:
    chances = [p, *wrong]
    if N < 1 or any(not 0 <= c <= 1 for c in chances) or abs(sum(chances) - 1) > 1e-6:
        raise ValueError("N at least 1, and probabilities that sum to 1")
    counts = np.random.default_rng(0).multinomial(N, np.array(chances) / sum(chances), 20_000)
    top = counts == counts.max(1, keepdims=True)
    return float((top[:, 0] / top.sum(1)).mean())
