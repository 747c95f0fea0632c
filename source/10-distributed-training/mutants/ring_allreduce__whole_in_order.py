"""Whole vectors go round, summed in the same order everywhere."""
import torch


def ring_allreduce(x, rank, size, exchange):
    kept = {rank: x}
    for turn in range(size - 1):
        kept[(rank - turn - 1) % size] = exchange(kept[(rank - turn) % size])
    return sum(kept[r] for r in range(size)) + torch.zeros_like(x)
