"""States are viewed as one matrix, which wants them contiguous."""
import torch
import torch.nn.functional as F


def mtp_loss(h, ids, embed, head, joins, weight=0.3, real=None):
    T, K = ids.shape[1], len(joins)
    real = torch.ones_like(ids).bool() if real is None else real
    ones = torch.ones(h.shape[-1], dtype=h.dtype, device=h.device)

    def mean(state, k):
        logits = state[:, :T - 1 - k] @ head.T
        ce = F.cross_entropy(logits.flatten(0, 1), ids[:, k + 1:].flatten(), reduction="none")
        counts = real[:, k + 1:].flatten().to(ce.dtype)
        return (ce * counts).sum() / counts.sum().clamp(min=1)

    loss, state = mean(h.view(-1, h.shape[-1]).view_as(h), 0), h
    for k, join in enumerate(joins, 1):
        e = embed[ids[:, k:]]
        state = state[:, :T - k]
        state = torch.cat([rms_norm(state, ones, 1e-6), rms_norm(e, ones, 1e-6)], -1) @ join.T
        loss = loss + weight / K * mean(state, k)
    return loss
