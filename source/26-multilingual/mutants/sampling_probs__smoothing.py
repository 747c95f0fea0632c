"""One is added to every size."""
import math


def sampling_probs(counts, alpha):
    if not 0 <= alpha <= 1 or not all(n >= 0 for n in counts.values()) or not any(counts.values()):
        raise ValueError("alpha from 0 to 1, sizes of at least 0, one of them above")
    powers = {lang: (n + 1) ** alpha if n else 0.0 for lang, n in counts.items()}
    total = math.fsum(powers.values())
    return {lang: p / total for lang, p in powers.items()}
