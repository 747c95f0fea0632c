"""One ranking is a batch of one; the batch divides and then clears NaN."""
import torch


def context_precision_batch(V):
    hit = V == 1
    at = hit.cumsum(-1).double() / (V != -1).cumsum(-1)
    mean = torch.where(hit, at, 0.0).sum(-1) / hit.sum(-1)
    return torch.nan_to_num(mean, nan=0.0)


def context_precision(verdicts):
    return context_precision_batch(torch.tensor([list(verdicts)], dtype=torch.int64)).item()
