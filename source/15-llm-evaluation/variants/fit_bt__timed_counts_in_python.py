"""timed: counts pairs in one walk in Python, then Newton."""
import numpy as np


def fit_bt(i, j, w, n, ridge=0.0):
    i, j, w = np.asarray(i).astype(int), np.asarray(j).astype(int), np.asarray(w).astype(float)
    if np.any(i == j) or np.any(w < 0) or np.any(w > 1):
        raise ValueError("games")
    S = np.zeros((n, n))
    for a, b, v in zip(i.tolist(), j.tolist(), w.tolist()):
        S[a, b] += v
        S[b, a] += 1 - v
    if ridge == 0 and n > 1:
        from scipy.sparse.csgraph import connected_components
        if connected_components(S > 0, directed=True, connection="strong")[0] > 1:
            raise ValueError("no maximum")
    N, won = S + S.T, S.sum(1)
    t = np.zeros(n)
    for _ in range(2000):
        p = 1 / (1 + np.exp(t[None] - t[:, None]))
        g = won - (N * p).sum(1) - ridge * t
        W = N * p * (1 - p)
        H = np.diag(W.sum(1) + ridge) - W
        d = np.linalg.pinv(H, hermitian=True) @ g if ridge == 0 else np.linalg.solve(H, g)
        d *= min(1.0, 1.0 / max(np.abs(d).max(), 1e-300))
        t = t + d
        if np.abs(d).max() < 1e-9:
            break
    return (t - t.mean()) * 400 / np.log(10)
