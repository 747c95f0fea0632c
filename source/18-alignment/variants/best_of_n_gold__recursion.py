"""From the highest rank down by a recursion; ties averaged first."""

import numpy as np


def best_of_n_gold(proxy, gold, n):
    M = proxy.shape[0]
    if not 1 <= n <= M:
        raise ValueError('n')
    p, g = (proxy.detach().numpy().astype(float), gold.detach().numpy().astype(float))
    mean = {v: g[p == v].mean() for v in set(p.tolist())} if len(set(p.tolist())) < M else None
    order = np.argsort(-p)
    w, total = (n / M, 0.0)
    for k in range(M - n + 1):
        i = order[k]
        total += w * (g[i] if mean is None else mean[p[i]])
        left = M - k - 1
        w = w * (left - n + 1) / left if left else 0.0
    return float(total)


def bon_kl(n):
    return float(np.log(n) - (n - 1) / n)
