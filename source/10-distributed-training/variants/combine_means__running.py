"""A running mean, part after part."""
import torch


def combine_means(parts):
    loss, total = 0.0, 0
    grads = [torch.zeros(g.shape, dtype=torch.float64 if g.dtype == torch.float64 else torch.float32) for g in parts[0][1]]
    for value, more, n in parts:
        if n == 0:
            continue
        total += n
        loss = loss * ((total - n) / total) + value * (n / total)
        grads = [a * ((total - n) / total) + b.to(a.dtype) * (n / total) for a, b in zip(grads, more)]
    return loss, grads, total
