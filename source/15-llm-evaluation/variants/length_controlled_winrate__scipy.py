"""By scipy."""
import numpy as np
from scipy.optimize import minimize


def length_controlled_winrate(y, dlen, scale=100.0, ridge=1.0):
    if not len(y) or len(y) != len(dlen):
        raise ValueError("lists")
    y, x = np.array(y, float), np.tanh(np.array(dlen, float) / scale)
    if y.min() == 1 or y.max() == 0:
        return float(y[0])

    def loss(b):
        z = b[0] + b[1] * x
        gap = 1 / (1 + np.exp(-z)) - y
        return (np.logaddexp(0, z) - y * z).sum() + ridge / 2 * b[1] ** 2, np.array([gap.sum(), gap @ x + ridge * b[1]])

    b = minimize(loss, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-8}).x
    return float(1 / (1 + np.exp(-b[0])))
