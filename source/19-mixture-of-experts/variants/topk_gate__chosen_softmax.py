"""Renormalised as a softmax over the chosen logits."""
import torch


def topk_gate(logits, k, renorm=True):
    values, idx = torch.sort(logits, dim=-1, descending=True, stable=True)
    values, idx = values[:, :k], idx[:, :k]
    x, all_x = (values, logits) if logits.dtype == torch.float64 else (values.float(), logits.float())
    if renorm:
        w = torch.softmax(x, -1)
    else:
        w = torch.exp(x - torch.logsumexp(all_x, -1, keepdim=True))
    return idx, w.to(logits.dtype)
