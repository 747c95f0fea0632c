"""Any other shape than (B, V) comes back as a matrix."""
import torch
from torch import inf


def keep_top_k(x, k):
    return x.masked_fill(x < x.topk(min(k, x.shape[-1])).values[..., -1:], -inf)


def keep_top_p(x, p):
    probs, order = x.softmax(-1).sort(-1, descending=True)
    cut = probs.cumsum(-1) - probs >= (p if p < 1 else 2)
    cut[..., 0] = False
    return x.masked_fill(cut.scatter(-1, order, cut), -inf)


def decode_pipeline(logits, T, k, p):
    x = logits.to(torch.promote_types(logits.dtype, torch.float32))
    x = keep_top_p(keep_top_k((x / T).reshape(-1, x.shape[-1]), k), p)
    return x.softmax(-1).to(logits.dtype)
