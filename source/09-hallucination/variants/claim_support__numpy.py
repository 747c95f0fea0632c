"""The largest over the documents, in numpy."""
import numpy as np


def claim_support(P, threshold=0.5):
    if not (threshold > 0 and threshold <= 1):
        raise ValueError("threshold")
    x = P.double().numpy()
    top = x.max(1, initial=-1.0)
    kind = np.where(top[:, 2] >= threshold, 2, np.where(top[:, 0] >= threshold, 0, 1))
    names = ["supported", "unverified", "contradicted"]
    return (float((kind == 0).mean()) if len(kind) else np.nan), [names[k] for k in kind.tolist()]
