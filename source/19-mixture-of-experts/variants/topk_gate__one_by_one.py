"""Takes the largest k times and strikes it out."""
import torch


def topk_gate(logits, k, renorm=True):
    p = torch.softmax(logits if logits.dtype == torch.float64 else logits.float(), -1)
    order = torch.arange(logits.shape[-1])
    left = torch.ones_like(logits, dtype=torch.bool)
    chosen = []
    for _ in range(k):
        top = logits.masked_fill(~left, -torch.inf).amax(-1, keepdim=True)
        candidates = torch.where(left & (logits == top), order, logits.shape[-1])
        best = candidates.min(-1, keepdim=True).values
        chosen.append(best)
        left = left.scatter(-1, best, False)
    idx = torch.cat(chosen, -1)
    w = torch.take_along_dim(p, idx, -1)
    return idx, (torch.nn.functional.normalize(w, p=1.0, dim=-1) if renorm else w).to(logits.dtype)
