"""-inf is replaced by -10000, which is an ordinary logit."""
import torch
def softmax_t(logits, T):
    if T < 0 or torch.isnan(logits).any() or (logits == -torch.inf).all(-1).any():
        raise ValueError("bad")
    x = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    x = x.masked_fill(x == -torch.inf, -1e4)
    m = x.amax(-1, keepdim=True)
    w = (x == m).to(x.dtype) if T == 0 else torch.exp((x - m) / T)
    return (w / w.sum(-1, keepdim=True)).to(logits.dtype)
