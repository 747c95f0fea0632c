"""Multiplied by 1 / r; zeros and negatives by r; seen through scatter of True."""
import torch
def repetition_penalty(ids, logits, r):
    B, V = logits.shape
    seen = torch.zeros(B, V, dtype=torch.bool).scatter_(1, ids, True)
    out = logits.clone()
    pos, neg = seen & (logits > 0), seen & (logits <= 0)
    out[pos] *= 1.0 / r
    out[neg] *= r
    return out
