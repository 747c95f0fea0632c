"""One position after the other, log-softmax by hand."""
import torch


def mtp_loss(h, ids, embed, head, joins, weight=0.3, real=None):
    B, T = ids.shape
    one = torch.ones(h.shape[-1], dtype=h.dtype)
    states = [[h[b, i] for i in range(T)] for b in range(B)]
    loss = torch.zeros((), dtype=h.dtype)
    for depth in range(1 + len(joins)):
        if depth > 0:
            states = [[joins[depth - 1] @ torch.cat([rms_norm(s, one, 1e-6), rms_norm(embed[ids[b, i + depth]], one, 1e-6)])
                       for i, s in enumerate(states[b]) if i + depth < T] for b in range(B)]
        terms = [-torch.log_softmax(head @ s, 0)[ids[b, i + depth + 1]] for b in range(B) for i, s in enumerate(states[b])
                 if i + depth + 1 < T and (real is None or bool(real[b, i + depth + 1]))]
        if terms:
            loss = loss + torch.stack(terms).mean() * (weight / len(joins) if depth else 1)
    return loss
