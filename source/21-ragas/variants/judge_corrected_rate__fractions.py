"""Exact fractions up to the root."""
import math
from fractions import Fraction


def corrected_interval(verdicts, human, judged, z=1.96):
    if len(human) != len(judged):
        raise ValueError("length")
    good = [int(j) for h, j in zip(human, judged) if h]
    bad = [1 - int(j) for h, j in zip(human, judged) if not h]
    if not good or not bad:
        raise ValueError("golden")
    p = Fraction(sum(map(int, verdicts)), len(verdicts))
    sens, spec = Fraction(sum(good), len(good)), Fraction(sum(bad), len(bad))
    gain = sens + spec - 1
    if gain <= 0:
        raise ValueError("coin")
    t = min(Fraction(1), max(Fraction(0), (p + spec - 1) / gain))
    parts = p * (1 - p) / len(verdicts), t**2 * sens * (1 - sens) / len(good), (1 - t)**2 * spec * (1 - spec) / len(bad)
    se = math.sqrt(sum(parts) / gain**2)
    return float(t), min(1.0, max(0.0, float(t) - z * se)), min(1.0, max(0.0, float(t) + z * se))
