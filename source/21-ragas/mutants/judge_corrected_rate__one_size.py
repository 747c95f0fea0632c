"""Both parts of the golden set have its whole size."""
import math


def corrected_interval(verdicts, human, judged, z=1.96):
    if len(human) != len(judged) or not 0 < sum(map(bool, human)) < len(human):
        raise ValueError("the golden set needs good and bad samples, and two verdicts on each")
    on_good = [bool(j) for h, j in zip(human, judged) if h]
    on_bad = [not j for h, j in zip(human, judged) if not h]
    p, sens, spec = (sum(map(bool, x)) / len(x) for x in (verdicts, on_good, on_bad))
    rate = judge_corrected_rate(p, sens, spec)
    variance = (p * (1 - p) / len(verdicts) + rate ** 2 * sens * (1 - sens) / len(human)
                + (1 - rate) ** 2 * spec * (1 - spec) / len(human))
    reach = z * math.sqrt(variance) / (sens + spec - 1)
    return rate, max(rate - reach, 0.0), min(rate + reach, 1.0)
