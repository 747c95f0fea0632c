"""alpha above 1 is taken."""
import math


def sampling_probs(counts, alpha):
    if not alpha >= 0 or not all(n >= 0 for n in counts.values()) or not any(counts.values()):
        raise ValueError("alpha from 0 to 1, sizes of at least 0, one of them above")
    powers = {lang: n ** alpha if n else 0.0 for lang, n in counts.items()}
    total = math.fsum(powers.values())
    return {lang: p / total for lang, p in powers.items()}
