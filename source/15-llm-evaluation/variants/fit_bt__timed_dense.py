"""timed: Newton on a dense column for each model."""
import numpy as np


def fit_bt(i, j, w, n, ridge=0.0):
    i, j, w = np.asarray(i).astype(int), np.asarray(j).astype(int), np.asarray(w).astype(float)
    if np.any(i == j) or np.any(w < 0) or np.any(w > 1):
        raise ValueError("games")
    S = np.zeros((n, n))
    np.add.at(S, (i, j), w)
    np.add.at(S, (j, i), 1 - w)
    if ridge == 0 and n > 1:
        from scipy.sparse.csgraph import connected_components
        if connected_components(S > 0, directed=True, connection="strong")[0] > 1:
            raise ValueError("no maximum")
    m = len(i)
    A = np.zeros((m, n))
    A[np.arange(m), i] = 1
    A[np.arange(m), j] = -1
    t = np.zeros(n)
    for _ in range(2000):
        p = 1 / (1 + np.exp(-(A @ t)))
        g = A.T @ (w - p) - ridge * t
        H = A.T @ (A * (p * (1 - p))[:, None]) + ridge * np.eye(n)
        if ridge == 0:
            H = H + np.ones((n, n)) * max(np.trace(H), 1e-9) / n / n
        d = np.linalg.solve(H, g)
        d *= min(1.0, 1.0 / max(np.abs(d).max(), 1e-300))
        t = t + d
        if np.abs(d).max() < 1e-9:
            break
    return (t - t.mean()) * 400 / np.log(10)
