"""Counts log-probabilities that are not 0: a token that is certain is not counted."""
import torch
def sequence_logprob(logits, labels, ignore=-100):
    t = labels[:, 1:]
    mask = t != ignore
    lp = logits[:, :-1].log_softmax(-1)
    picked = lp.gather(-1, t.masked_fill(~mask, 0)[..., None])[..., 0].masked_fill(~mask, 0)
    return picked.sum(-1), (picked != 0).sum(-1)
