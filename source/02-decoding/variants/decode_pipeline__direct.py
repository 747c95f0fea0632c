"""Everything in one function, on probabilities."""
import torch


def decode_pipeline(logits, T, k, p):
    x = logits.double() / T
    probs, order = torch.softmax(x, -1).sort(-1, descending=True)
    kth = probs[..., min(k, probs.shape[-1]) - 1:][..., :1]
    probs = torch.where(probs < kth, 0.0, probs)
    probs = probs / probs.sum(-1, keepdim=True)
    if p < 1:
        keep = probs.cumsum(-1) - probs < p
        keep[..., 0] = True
        probs = probs * keep
    probs = probs / probs.sum(-1, keepdim=True)
    return torch.zeros_like(probs).scatter(-1, order, probs).to(logits.dtype)
