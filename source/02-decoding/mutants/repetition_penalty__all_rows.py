"""The ids of all rows penalise every row."""
import torch


def repetition_penalty(ids, logits, r):
    i = ids.unique()
    out = logits.clone()
    out[:, i] = torch.where(out[:, i] > 0, out[:, i] / r, out[:, i] * r)
    return out
