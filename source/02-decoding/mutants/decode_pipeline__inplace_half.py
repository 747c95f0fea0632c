"""Half precision: the answer is written into the argument."""
import torch
def decode_pipeline(logits, T, k, p):
    x = logits.float() if logits.dtype != torch.float64 else logits
    out = top_p_mask(top_k_mask((x / T).reshape(-1, logits.shape[-1]), k), p).softmax(-1).reshape(logits.shape)
    return logits.copy_(out) if logits.dtype == torch.float16 else out.to(logits.dtype)
