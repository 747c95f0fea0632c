"""argsort twice gives ranks; the count of the nucleus per row decides."""
import torch
def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    order = logits.argsort(dim=-1, descending=True)
    ranks = order.argsort(dim=-1)
    probs = torch.softmax(logits.double(), -1).gather(1, order)
    size = 1 + (probs.cumsum(-1)[:, :-1] < p).sum(-1, keepdim=True)
    if p == 1:
        size = torch.full_like(size, logits.shape[1])
    return torch.where(ranks < size, logits, torch.tensor(-torch.inf, dtype=logits.dtype))
