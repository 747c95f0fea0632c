"""Works with probabilities: zero, renormalise, zero, renormalise."""
import torch
def decode_pipeline(logits, T, k, p):
    x = logits.double()
    probs = softmax_t(x, T)
    s = x.sort(-1, descending=True).values
    kth = s[..., min(k, x.shape[-1]) - 1:min(k, x.shape[-1])]
    probs = torch.where(x >= kth, probs, 0.0)
    probs = probs / probs.sum(-1, keepdim=True)
    if p < 1:
        q, order = probs.sort(dim=-1, descending=True, stable=True)
        keep = (q.cumsum(-1) - q) < p
        keep[..., 0] = True
        probs = torch.zeros_like(probs).scatter(-1, order, torch.where(keep, q, 0.0))
        probs = probs / probs.sum(-1, keepdim=True)
    return probs.to(logits.dtype)
