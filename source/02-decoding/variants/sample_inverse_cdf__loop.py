"""Walks along the row."""
import torch


def sample_inverse_cdf(probs, u):
    ids = []
    for row, x in zip(probs.tolist(), u.tolist()):
        total, last = 0.0, None
        for i, q in enumerate(row):
            total += q
            if q > 0:
                last = i
            if total > x:
                break
        ids.append(last)
    return torch.tensor(ids)
