"""The log of a softmax: overflows to infinity."""
import torch


def mtp_loss(h, ids, embed, head, joins, weight=0.3, real=None):
    real = torch.ones_like(ids, dtype=torch.bool) if real is None else real
    ones, total = torch.ones_like(head[0]), 0.0
    for k in range(len(joins) + 1):
        if k:
            ahead = embed[ids[:, k:]]  # position i meets token i + k
            h = torch.cat([rms_norm(h[:, :-1], ones, 1e-6), rms_norm(ahead, ones, 1e-6)], -1) @ joins[k - 1].T
        nats = -(h[:, :-1] @ head.T).flatten(0, 1).softmax(-1).gather(1, ids[:, k + 1:].reshape(-1, 1))[:, 0].log()
        counts = real[:, k + 1:].flatten()
        mean = torch.where(counts, nats, 0.0).sum() / counts.sum().clamp(min=1)
        total = total + (weight / len(joins) if k else 1.0) * mean
    return total
