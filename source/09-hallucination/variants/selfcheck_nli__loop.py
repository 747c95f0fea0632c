"""Sample by sample, with the larger logit taken off."""
import torch


def selfcheck_nli(logits, labels):
    S, N, K = logits.shape
    if N < 1:
        raise ValueError("no samples")
    if len(labels) != K:
        raise ValueError("labels")
    e, c = tuple(labels).index("entailment"), tuple(labels).index("contradiction")
    wide = logits if logits.dtype == torch.float64 else logits.float()
    total = torch.zeros(S, dtype=wide.dtype)
    for n in range(N):
        a, b = wide[:, n, e], wide[:, n, c]
        top = torch.maximum(a, b)
        total += (b - top).exp() / ((a - top).exp() + (b - top).exp())
    return (total / N).to(logits.dtype)
