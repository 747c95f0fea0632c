"""Precision at the hits, by numpy; the batch too."""
import numpy as np
import torch


def context_precision(verdicts):
    v = np.array([x for x in verdicts if x >= 0], dtype=float)
    at = np.flatnonzero(v == 1)
    return float((np.arange(1, len(at) + 1) / (at + 1)).mean()) if len(at) else 0.0


def context_precision_batch(V):
    v = V.numpy()
    hit = v == 1
    ranks, so_far = np.cumsum(v >= 0, axis=1), np.cumsum(hit, axis=1)
    total = np.where(hit, so_far / np.maximum(ranks, 1), 0.0).sum(axis=1)
    hits = hit.sum(axis=1)
    return torch.from_numpy(np.where(hits > 0, total / np.maximum(hits, 1), 0.0))
