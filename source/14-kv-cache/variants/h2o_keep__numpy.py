"""numpy argsort; among equal scores the later one stays."""
import numpy as np


def h2o_keep(scores, heavy, recent):
    values = scores.float().numpy()
    cut = max(values.size - recent, 0)
    order = np.argsort(values[:cut], kind="stable")
    best = order[max(cut - heavy, 0):]
    return [int(i) for i in np.sort(np.concatenate([best, np.arange(cut, values.size)]))]
