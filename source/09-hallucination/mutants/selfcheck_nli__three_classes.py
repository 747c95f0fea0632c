"""The neutral class stays in the softmax."""
import torch


def selfcheck_nli(logits, labels):
    labels = list(labels)
    S, N, K = logits.shape
    if N == 0 or len(labels) != K or not {"entailment", "contradiction"} <= set(labels):
        raise ValueError("samples and both classes are needed, and a name for each column")
    wide = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    two = torch.stack([wide[..., labels.index("entailment")], wide[..., labels.index("contradiction")]], -1)
    return wide.softmax(-1)[..., labels.index("contradiction")].mean(1).to(logits.dtype)
