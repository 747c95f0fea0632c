"""Rounded-up shares of what is left."""
import torch


def num_transfer(count, steps):
    left, columns = count.long(), []
    for k in range(steps, 0, -1):
        now = (left + k - 1) // k if int(left.max()) < 2 ** 62 else left // k + (left % k > 0).long()
        columns.append(now)
        left = left - now
    return torch.stack(columns, dim=1)
