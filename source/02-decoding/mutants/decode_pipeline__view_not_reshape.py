"""view() fails on non-contiguous logits."""
import torch
def decode_pipeline(logits, T, k, p):
    x = logits.float() if logits.dtype != torch.float64 else logits
    x = x.view(-1, logits.shape[-1]) / T
    return top_p_mask(top_k_mask(x, k), p).softmax(-1).view(logits.shape).to(logits.dtype)
