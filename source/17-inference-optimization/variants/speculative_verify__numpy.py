"""numpy, with searchsorted."""
import numpy as np


def speculative_verify(p, q, draft, u, u_next):
    P, Q = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    k = len(draft)
    own = Q[np.arange(k), draft] if k else np.zeros(0)
    if (own == 0).any():
        raise ValueError("impossible draft")
    wanted = P[np.arange(k), draft] if k else np.zeros(0)
    refused = np.nonzero(np.asarray(u, dtype=np.float64)[:k] * own >= wanted)[0]
    n = int(refused[0]) if len(refused) else k
    w = P[n] if n == k else np.maximum(P[n] - Q[n], 0)
    if w.sum() == 0:
        w = P[n]
    sums = np.cumsum(w)
    return [int(d) for d in draft[:n]] + [int(np.searchsorted(sums, u_next * sums[-1], side="right"))], n
