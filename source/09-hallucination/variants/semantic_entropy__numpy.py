"""In numpy, by np.unique."""
import numpy as np


def semantic_entropy(labels, logp=None, lengths=None):
    if len(labels) == 0:
        raise ValueError("no samples")
    if logp is None:
        if lengths is not None:
            raise ValueError("lengths alone")
        w = np.ones(len(labels))
    else:
        score = logp.double().numpy() / (1 if lengths is None else np.array(lengths, dtype=np.float64))
        if np.isneginf(score).all():
            raise ValueError("no probability")
        w = np.exp(score - score.max())
    _, group = np.unique(np.array(labels, dtype=np.int64), return_inverse=True)
    p = np.bincount(group, weights=w) / w.sum()
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())
