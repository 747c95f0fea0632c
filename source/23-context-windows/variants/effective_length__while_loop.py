"""Scores first, then a walk by index."""
import numpy as np


def effective_length(lengths, right, trials, threshold, by="mean"):
    if by == "mean":
        scores = right.double().mean(1) / trials
    elif by == "worst":
        scores = right.double().amin(1) / trials if len(lengths) else right.double()
    else:
        raise ValueError(by)
    order, answer = np.argsort(np.array(lengths, dtype=np.int64)), 0
    for i in order.tolist():
        if scores[i].item() + 1e-9 < threshold:
            return answer
        answer = int(lengths[i])
    return answer
