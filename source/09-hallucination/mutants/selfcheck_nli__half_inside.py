"""Half precision is kept inside."""
import torch


def selfcheck_nli(logits, labels):
    labels = list(labels)
    S, N, K = logits.shape
    if N == 0 or len(labels) != K or not {"entailment", "contradiction"} <= set(labels):
        raise ValueError("samples and both classes are needed, and a name for each column")
    wide = logits
    two = torch.stack([wide[..., labels.index("entailment")], wide[..., labels.index("contradiction")]], -1)
    return (two[..., 1] - two[..., 0]).sigmoid().mean(1).to(logits.dtype)
