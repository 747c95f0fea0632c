"""Only the first three turns of each half."""
import torch


def ring_allreduce(x, rank, size, exchange):
    chunks = list(torch.tensor_split(x.clone(), size))
    for turn in range(min(size - 1, 3)):  # reduce-scatter: what comes in is added, and goes on in the next turn
        i = (rank - turn) % size
        chunks[(i - 1) % size] = exchange(chunks[i]) + chunks[(i - 1) % size]
    for turn in range(min(size - 1, 3)):  # all-gather: chunk rank + 1 is whole here
        i = (rank + 1 - turn) % size
        chunks[(i - 1) % size] = exchange(chunks[i])
    return torch.cat(chunks)
