"""In log space."""
import math

import torch


def semantic_entropy(labels, logp=None, lengths=None):
    labels = list(labels)
    if not labels or (logp is None and lengths is not None):
        raise ValueError("unusable")
    x = torch.zeros(len(labels), dtype=torch.float64) if logp is None else logp.to(torch.float64).clone()
    if lengths is not None:
        x = x / torch.tensor(list(lengths), dtype=torch.float64)
    total = torch.logsumexp(x, 0)
    if not torch.isfinite(total):
        raise ValueError("no probability")
    entropy = 0.0
    for label in dict.fromkeys(labels):
        inside = torch.logsumexp(x[[i for i, other in enumerate(labels) if other == label]] - total, 0).item()
        if inside > -math.inf:
            entropy -= math.exp(inside) * inside
    return entropy
