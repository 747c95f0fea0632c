"""Divides in half precision before it goes to float32."""
import torch
def decode_pipeline(logits, T, k, p):
    x = (logits / T)
    x = x.float() if x.dtype != torch.float64 else x
    x = x.reshape(-1, logits.shape[-1])
    return top_p_mask(top_k_mask(x, k), p).softmax(-1).reshape(logits.shape).to(logits.dtype)
