"""exp without subtracting the maximum: large logits overflow."""
import torch


def topk_gate(logits, k, renorm=True):
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    p = wide.exp() / wide.exp().sum(-1, keepdim=True)
    idx = logits.sort(dim=-1, descending=True, stable=True).indices[:, :k]
    w = p.gather(-1, idx)
    if renorm:
        w = w / w.sum(-1, keepdim=True)
    return idx, w.to(logits.dtype)
