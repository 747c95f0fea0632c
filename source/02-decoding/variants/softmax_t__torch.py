"""torch.softmax and isfinite checks."""
import torch


def softmax_t(logits, T):
    if T < 0:
        raise ValueError("T is negative")
    if torch.isnan(logits).sum() > 0:
        raise ValueError("NaN")
    if not torch.isfinite(logits).any(dim=-1).all():
        raise ValueError("empty row")
    x = logits if logits.dtype == torch.float64 else logits.float()
    if T == 0:
        best = x.max(dim=-1, keepdim=True).values
        probs = torch.where(x == best, 1.0, 0.0).to(x.dtype)
        probs /= probs.sum(dim=-1, keepdim=True)
    else:
        probs = torch.softmax(x / T, dim=-1)
    return probs.type_as(logits)
