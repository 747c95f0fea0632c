"""timed: by numpy, integers and a division at the hits."""
import numpy as np
import torch


def context_precision_batch(V):
    verdicts = V.numpy()
    hit = verdicts == 1
    ranks, hits = np.cumsum(verdicts != -1, axis=1), np.cumsum(hit, axis=1)
    precision = np.divide(hits, ranks, out=np.zeros(hit.shape), where=hit)
    return torch.from_numpy(precision.sum(axis=1) / np.maximum(hit.sum(axis=1), 1))
