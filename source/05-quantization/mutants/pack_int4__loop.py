"""timed: byte by byte."""
import torch


def pack_int4(q):
    if q.shape[1] % 2 or q.min() < -8 or q.max() > 7:
        raise ValueError("no")
    packed = torch.empty(q.shape[0], q.shape[1] // 2, dtype=torch.uint8)
    for r in range(q.shape[0]):
        for c in range(packed.shape[1]):
            packed[r, c] = int(q[r, 2 * c]) + 8 + 16 * (int(q[r, 2 * c + 1]) + 8)
    return packed
