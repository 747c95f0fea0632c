"""Nothing sent for an empty vector."""

import torch


def ring_allreduce(x, rank, size, exchange):
    if x.numel() == 0:
        return x.clone()
    chunks = [c.clone() for c in torch.tensor_split(x, size)]
    for turn in range(size - 1):
        got = exchange(chunks[(rank - turn) % size])
        i = (rank - turn - 1) % size
        chunks[i] = chunks[i] + got
    for turn in range(size - 1):
        got = exchange(chunks[(rank + 1 - turn) % size])
        chunks[(rank - turn) % size] = got
    return torch.cat(chunks)
