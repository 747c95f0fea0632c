"""The textbook shift: cut[1:] = cum[:-1] >= p."""
import torch
def top_p_mask(logits, p):
    if not (p >= 0 and p <= 1):
        raise ValueError("p")
    if p == 1:
        return logits.clone()
    dtype = torch.float64 if logits.dtype == torch.float64 else torch.float32
    sorted_logits, idx = torch.sort(logits.to(dtype), dim=-1, descending=True)
    cum = torch.cumsum(sorted_logits.softmax(-1), dim=-1)
    remove = cum >= p
    remove[:, 1:] = remove[:, :-1].clone()
    remove[:, 0] = False
    result = logits.clone()
    for b in range(len(result)):
        result[b, idx[b, remove[b]]] = -torch.inf
    return result
