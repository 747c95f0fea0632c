"""A table of candidates and pairs in numpy."""
import numpy as np


def choose_threshold(right, wrong, share_right, cost_wrong, cost_miss):
    if min(len(right), len(wrong)) == 0 or not 0 <= share_right <= 1 or cost_wrong < 0 or cost_miss < 0:
        raise ValueError("not valid")
    r, w = right.double().numpy(), wrong.double().numpy()
    t = np.append(np.unique(np.concatenate([r, w])), np.inf)
    h, f = (r[None] >= t[:, None]).mean(1), (w[None] >= t[:, None]).mean(1)
    c = cost_miss * (share_right * (1 - h) + (1 - share_right) * (1 - f)) + cost_wrong * (1 - share_right) * f
    i = len(t) - 1 - int(np.argmin(c[::-1]))
    return float(t[i]), float(c[i]), float(h[i]), float(f[i])
