"""One-hot assignments and a weighted mean."""
import torch


def load_balance_loss(logits, k, mask=None):
    x = logits if logits.dtype == torch.float64 else logits.float()
    weight = torch.ones(len(x), dtype=x.dtype) if mask is None else mask.to(x.dtype)
    chosen = torch.sort(x.detach(), dim=-1, descending=True, stable=True)[1][:, :k]
    hits = torch.nn.functional.one_hot(chosen, x.shape[1]).sum(1).to(x.dtype)
    f = (hits * weight[:, None]).sum(0) / weight.sum()
    P = (torch.softmax(x, -1) * weight[:, None]).sum(0) / weight.sum()
    return (x.shape[1] * torch.dot(f, P)).to(logits.dtype)
