"""timed: one entry after the other."""

import torch


def disjoint_merge(taus, signs, weights=None):
    weights = [1.0] * len(taus) if weights is None else weights
    out = []
    for column, s in zip(taus.reshape(len(taus), -1).double().T.tolist(), signs.reshape(-1).tolist()):
        agree = [(w, v) for w, v in zip(weights, column) if v * s > 0]
        total = sum(w for w, _ in agree)
        out.append(sum(w * v for w, v in agree) / total if total > 0 else 0.0)
    return torch.tensor(out, dtype=torch.float64).reshape(taus.shape[1:]).to(taus.dtype)
