"""By numpy."""
import numpy as np


def judge_corrected_rate(obs, sens, spec):
    youden = sens - (1 - spec)
    if youden <= 0:
        raise ValueError("useless judge")
    return float(np.clip((obs - (1 - spec)) / youden, 0, 1))


def corrected_interval(verdicts, human, judged, z=1.96):
    if len(human) != len(judged):
        raise ValueError("two verdicts on each sample")
    v, h, j = (np.array(x, dtype=bool) for x in (verdicts, human, judged))
    if h.all() or not h.any():
        raise ValueError("one kind only")
    p, sens, spec = v.mean(), j[h].mean(), (~j[~h]).mean()
    rate = judge_corrected_rate(p, sens, spec)
    parts = np.array([p * (1 - p) / v.size, rate**2 * sens * (1 - sens) / h.sum(), (1 - rate)**2 * spec * (1 - spec) / (~h).sum()])
    half = z * np.sqrt(parts.sum()) / (sens + spec - 1)
    return rate, float(np.clip(rate - half, 0, 1)), float(np.clip(rate + half, 0, 1))
