"""Subtracts the maximum from the caller's logits."""
import torch


def topk_gate(logits, k, renorm=True):
    logits -= logits.amax(-1, keepdim=True) - 1 if len(logits) else 0
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    p = wide.softmax(-1)
    idx = logits.sort(dim=-1, descending=True, stable=True).indices[:, :k]
    w = p.gather(-1, idx)
    if renorm:
        w = w / w.sum(-1, keepdim=True)
    return idx, w.to(logits.dtype)
