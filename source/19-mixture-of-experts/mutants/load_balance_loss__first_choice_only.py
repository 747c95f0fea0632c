"""Only the first choice of a token is counted."""
import torch


def load_balance_loss(logits, k, mask=None):
    real = logits if mask is None else logits[mask]
    E = logits.shape[1]
    p = real.to(torch.promote_types(logits.dtype, torch.float32)).softmax(-1)
    chosen = real.sort(dim=-1, descending=True, stable=True).indices[:, :1]
    f = torch.bincount(chosen.flatten(), minlength=E).to(p.dtype) / len(real)
    P = p.mean(0)
    return (E * (f * P).sum()).to(logits.dtype)
