"""Applied once for every occurrence."""
import torch


def repetition_penalty(ids, logits, r):
    out = logits.clone()
    for b, row in enumerate(ids.tolist()):
        for i in row:
            out[b, i] = out[b, i] / r if out[b, i] > 0 else out[b, i] * r
    return out
