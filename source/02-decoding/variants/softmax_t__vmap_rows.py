"""torch.vmap over flattened rows, log_softmax inside."""
import torch
def softmax_t(logits, T):
    flat = logits.reshape(-1, logits.size(-1))
    if T < 0 or not bool((flat == flat).all()) or not bool(torch.isfinite(flat).any(-1).all()):
        raise ValueError("bad input")
    wide = flat if flat.dtype == torch.float64 else flat.to(torch.float32)
    if T == 0:
        row = lambda s: torch.where(s == s.max(), 1.0, 0.0) / (s == s.max()).sum()
    else:
        row = lambda s: torch.log_softmax((s - s.max()) / T, 0).exp()
    return torch.vmap(row)(wide).to(logits.dtype).view(logits.shape)
