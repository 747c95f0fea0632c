"""p = 0 is taken for "off"."""
import torch
def decode_pipeline(logits, T, k, p):
    x = logits.float() if logits.dtype != torch.float64 else logits
    x = top_k_mask((x / T).reshape(-1, logits.shape[-1]), k)
    if p:
        x = top_p_mask(x, p)
    return x.softmax(-1).reshape(logits.shape).to(logits.dtype)
