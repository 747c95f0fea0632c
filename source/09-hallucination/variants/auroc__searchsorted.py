"""By counting what lies below, with numpy; the threshold from sorted groups."""
import numpy as np


def auroc(scores, wrong):
    s, y = scores.double().numpy(), wrong.numpy()
    if np.isnan(s).any():
        raise ValueError("NaN")
    up, down = s[y], np.sort(s[~y])
    if not len(up) or not len(down):
        return float("nan")
    below, upto = np.searchsorted(down, up, "left"), np.searchsorted(down, up, "right")
    return float((below + upto).mean() / 2 / len(down))


def pick_threshold(scores, wrong, precision):
    s, y = scores.double().numpy(), wrong.numpy()
    if np.isnan(s).any():
        raise ValueError("NaN")
    order = np.argsort(-s, kind="stable")
    s, y = s[order], y[order]
    last = np.r_[s[1:] != s[:-1], True][:len(s)]
    hits, flags = y.cumsum()[last], np.arange(1, len(s) + 1)[last]
    fit = (hits > 0) & (hits / flags >= precision)
    if not fit.any():
        return float("inf")
    return float(s[last][fit & (hits == hits[fit].max())][0])
