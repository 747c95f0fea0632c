"""Softmax and sum in half precision."""
import torch


def topk_gate(logits, k, renorm=True):
    wide = logits
    p = wide.softmax(-1)
    idx = logits.sort(dim=-1, descending=True, stable=True).indices[:, :k]
    w = p.gather(-1, idx)
    if renorm:
        w = w / w.sum(-1, keepdim=True)
    return idx, w.to(logits.dtype)
