"""A loop over the set of ids of each row."""
import torch


def repetition_penalty(ids, logits, r):
    out = logits.clone()
    for b in range(len(ids)):
        for i in set(ids[b].tolist()):
            x = logits[b, i].item()
            out[b, i] = x / r if x > 0 else x * r
    return out
