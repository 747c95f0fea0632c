"""The normal approximation of the margin over the strongest rival."""
import math


def majority_accuracy(p: float, N: int, wrong: list[float]) -> float:
    chances = [p, *wrong]
    if N < 1 or any(not 0 <= c <= 1 for c in chances) or abs(sum(chances) - 1) > 1e-6:
        raise ValueError("N at least 1, and probabilities that sum to 1")
    q = max(wrong, default=0.0)
    spread = math.sqrt(max(p + q - (p - q) ** 2, 1e-12))
    return 0.5 * (1 + math.erf((p - q) * math.sqrt(N) / spread / math.sqrt(2)))
