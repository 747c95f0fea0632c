"""A running mean in float32, example by example."""
import torch
def diff_of_means(pos, neg, normalize=False):
    def mean(rows):
        m = torch.zeros(rows.shape[1], dtype=torch.promote_types(rows.dtype, torch.float32))
        for n, row in enumerate(rows, 1):
            m = m + (row.to(m.dtype) - m) / n
        return m
    v = mean(pos) - mean(neg)
    if normalize:
        v = v / v.pow(2).sum().sqrt()
    return v.to(pos.dtype)
