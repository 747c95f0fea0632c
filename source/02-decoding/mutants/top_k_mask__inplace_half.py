"""Only half precision is masked in place."""
import torch
def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k")
    kth = logits.topk(min(k, logits.shape[-1])).values[:, -1:]
    if logits.dtype in (torch.float16, torch.bfloat16):
        return logits.masked_fill_(logits < kth, -torch.inf)
    return logits.masked_fill(logits < kth, -torch.inf)
