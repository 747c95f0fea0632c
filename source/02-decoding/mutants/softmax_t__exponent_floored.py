"""The exponent is floored at -30: an impossible token gets 1e-13."""
import torch
def softmax_t(logits, T):
    if T < 0 or torch.isnan(logits).any() or (logits == -torch.inf).all(-1).any():
        raise ValueError("bad")
    x = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    m = x.amax(-1, keepdim=True)
    w = (x == m).to(x.dtype) if T == 0 else torch.exp(((x - m) / T).clamp(min=-30))
    return (w / w.sum(-1, keepdim=True)).to(logits.dtype)
