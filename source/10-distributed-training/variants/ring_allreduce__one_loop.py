"""One loop over all turns."""
import torch


def ring_allreduce(x, rank, size, exchange):
    answer = x.clone()
    chunks = torch.tensor_split(answer, size)
    for turn in range(2 * (size - 1)):
        got = exchange(chunks[(rank - turn) % size].clone())
        target = chunks[(rank - turn - 1) % size]
        if turn < size - 1:
            target.add_(got)
        else:
            target.copy_(got)
    return answer
