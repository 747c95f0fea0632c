"""From counts, with a gradient by hand."""


def judge_corrected_rate(obs, sens, spec):
    if not sens + spec > 1:
        raise ValueError("a coin")
    return max(0.0, min(1.0, (obs - 1 + spec) / (sens - 1 + spec)))


def corrected_interval(verdicts, human, judged, z=1.96):
    good = [j for h, j in zip(human, judged, strict=True) if h]
    bad = [j for h, j in zip(human, judged) if not h]
    if not good or not bad:
        raise ValueError("a golden set needs both")
    p, sens, false_alarms = (sum(1 for x in xs if x) / len(xs) for xs in (verdicts, good, bad))
    rate = judge_corrected_rate(p, sens, 1 - false_alarms)
    J = sens - false_alarms
    slopes = [1 / J, -rate / J, (1 - rate) / J]
    spreads = [x * (1 - x) / n for x, n in zip((p, sens, false_alarms), map(len, (verdicts, good, bad)))]
    half = z * sum(s * s * v for s, v in zip(slopes, spreads)) ** 0.5
    return rate, max(0.0, rate - half), min(1.0, rate + half)
