"""Entailment is taken to be the first column, contradiction the last."""
import torch


def selfcheck_nli(logits, labels):
    labels = list(labels)
    S, N, K = logits.shape
    if N == 0 or len(labels) != K or not {"entailment", "contradiction"} <= set(labels):
        raise ValueError("samples and both classes are needed, and a name for each column")
    wide = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    two = torch.stack([wide[..., 0], wide[..., -1]], -1)
    return two.softmax(-1)[..., 1].mean(1).to(logits.dtype)
