"""Logits of experts that were not chosen become 0 instead of -inf before the softmax."""
import torch


def topk_gate(logits, k, renorm=True):
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    p = wide.softmax(-1)
    idx = logits.sort(dim=-1, descending=True, stable=True).indices[:, :k]
    w = p.gather(-1, idx)
    if renorm:
        w = torch.zeros_like(wide).scatter(-1, idx, wide.gather(-1, idx)).softmax(-1).gather(-1, idx)
    return idx, w.to(logits.dtype)
