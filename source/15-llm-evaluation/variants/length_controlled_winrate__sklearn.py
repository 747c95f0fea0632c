"""By scikit-learn: a tie is half a win and half a loss."""
import numpy as np
from sklearn.linear_model import LogisticRegression


def length_controlled_winrate(y, dlen, scale=100.0, ridge=1.0):
    if len(y) == 0 or len(y) != len(dlen):
        raise ValueError("lists")
    y, x = np.array(y, dtype=float), np.tanh(np.array(dlen, dtype=float) / scale)
    if (y == 1).all() or (y == 0).all():
        return float(y.mean())
    X = np.concatenate([x, x])[:, None]
    label = np.repeat([1, 0], len(y))
    weight = np.concatenate([y, 1 - y])
    fit = LogisticRegression(C=1 / ridge, tol=1e-9, max_iter=5000).fit(X, label, sample_weight=weight)
    return float(fit.predict_proba([[0.0]])[0, 1])
