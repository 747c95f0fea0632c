"""Labels are clamped at 0 for gather: an ignore id above V is out of range."""
import torch
def sequence_logprob(logits, labels, ignore=-100):
    t = labels[:, 1:]
    mask = t != ignore
    lp = logits[:, :-1].log_softmax(-1)
    picked = lp.gather(-1, t.clamp(min=0)[..., None])[..., 0]
    return picked.masked_fill(~mask, 0).sum(-1), mask.sum(-1)
