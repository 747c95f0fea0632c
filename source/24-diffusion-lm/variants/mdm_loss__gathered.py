"""log-softmax and gather at safe ids."""
import torch


def mdm_loss(logits, x0, m, t, prompt_len, eps=1e-3):
    wide = torch.float64 if logits.dtype == torch.float64 else torch.float32
    safe = torch.where(m[..., None], logits.to(wide), torch.zeros((), dtype=wide))
    ids = torch.where(m, x0, torch.zeros_like(x0))
    nll = -torch.log_softmax(safe, -1).gather(-1, ids.unsqueeze(-1)).squeeze(-1)
    per_row = torch.where(m, nll, torch.zeros_like(nll)).sum(1)
    p = (t - t * eps + eps).to(wide)
    answers = (x0.shape[1] - prompt_len).clamp(min=1)
    return (per_row / p / answers).mean().to(logits.dtype)
