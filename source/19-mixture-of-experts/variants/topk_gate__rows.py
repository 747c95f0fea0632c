"""Row by row with Python's sort."""
import torch


def topk_gate(logits, k, renorm=True):
    idx = torch.empty(len(logits), k, dtype=torch.int64)
    for t, row in enumerate(logits.detach().double().tolist()):
        idx[t] = torch.tensor(sorted(range(len(row)), key=lambda e: (-row[e], e))[:k])
    w = logits.double().softmax(-1).gather(1, idx)
    if renorm:
        w = w / w.sum(1, keepdim=True)
    return idx, w.to(logits.dtype)
