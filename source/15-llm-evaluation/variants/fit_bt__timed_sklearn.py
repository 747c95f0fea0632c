"""timed: by scikit-learn: each game is a share of a win and a share of a loss."""
import numpy as np
from scipy.sparse.csgraph import connected_components
from sklearn.linear_model import LogisticRegression


def fit_bt(i, j, w, n, ridge=0.0):
    i, j, w = i.astype(int), j.astype(int), w.astype(float)
    if (i == j).any() or ((w < 0) | (w > 1)).any():
        raise ValueError("games")
    if ridge == 0:
        arrows = np.zeros((n, n))
        arrows[i[w > 0], j[w > 0]] = 1
        arrows[j[w < 1], i[w < 1]] = 1
        if connected_components(arrows, connection="strong")[0] != 1:
            raise ValueError("no maximum")
    if len(w) == 0:
        return np.zeros(n)
    X = np.zeros((len(w), n))
    X[np.arange(len(w)), i], X[np.arange(len(w)), j] = 1, -1
    label = np.repeat([1, 0], len(w))
    fit = LogisticRegression(C=1 / ridge if ridge else 1e9, fit_intercept=False, tol=1e-10, max_iter=10000)
    fit.fit(np.concatenate([X, X]), label, sample_weight=np.concatenate([w, 1 - w]))
    t = fit.coef_[0]
    return (t - t.mean()) * 400 / np.log(10)
