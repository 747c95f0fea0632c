"""The weights stand in the order of the experts' numbers."""
import torch


def topk_gate(logits, k, renorm=True):
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    p = wide.softmax(-1)
    idx = logits.sort(dim=-1, descending=True, stable=True).indices[:, :k]
    w = p.gather(-1, idx.sort(-1).values)
    if renorm:
        w = w / w.sum(-1, keepdim=True)
    return idx, w.to(logits.dtype)
