"""The temperature is limited to [0.1, 2]."""
import torch
def decode_pipeline(logits, T, k, p):
    x = (logits.float() if logits.dtype != torch.float64 else logits) / min(max(T, 0.1), 2.0)
    return top_p_mask(top_k_mask(x.reshape(-1, logits.shape[-1]), k), p).softmax(-1).reshape(logits.shape).to(logits.dtype)
