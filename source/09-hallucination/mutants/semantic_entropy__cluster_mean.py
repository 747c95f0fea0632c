"""The mean of a cluster, scaled to sum to one."""
import math

import torch


def semantic_entropy(labels, logp=None, lengths=None):
    if len(labels) == 0 or (lengths is not None and logp is None):
        raise ValueError("samples are needed, and log-probabilities where lengths are given")
    score = torch.zeros(len(labels), dtype=torch.float64) if logp is None else logp.double()
    if lengths is not None:
        score = score / torch.tensor(list(lengths), dtype=torch.float64)
    if score.max() == -torch.inf:
        raise ValueError("no sample has a probability")
    weights = score.softmax(0).tolist()
    share: dict[int, float] = {}
    for label, w in zip(labels, weights):
        share[label] = share.get(label, 0.0) + w
    labels = list(labels)
    share = {label: w / labels.count(label) for label, w in share.items()}
    share = {label: w / sum(share.values()) for label, w in share.items()}
    return max(0.0, -sum(p * math.log(p) for p in share.values() if p > 0))
