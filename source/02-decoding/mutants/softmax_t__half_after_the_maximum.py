"""At T > 0 a maximum is subtracted, and then half precision stays half to the end."""
import torch
def softmax_t(logits, T):
    if T < 0 or torch.isnan(logits).any() or (logits == -torch.inf).all(-1).any():
        raise ValueError("bad")
    x = logits - logits.amax(-1, keepdim=True)
    w = (x == 0).to(x.dtype) if T == 0 else torch.exp(x / T)
    return w / w.sum(-1, keepdim=True)
