"""Exactly k by topk indices: ties with the k-th are cut."""
import torch
def decode_pipeline(logits, T, k, p):
    x = (logits.float() if logits.dtype != torch.float64 else logits) / T
    x = x.reshape(-1, logits.shape[-1])
    top = x.topk(min(k, x.shape[-1]))
    x = torch.full_like(x, -torch.inf).scatter(1, top.indices, top.values)
    return top_p_mask(x, p).softmax(-1).reshape(logits.shape).to(logits.dtype)
