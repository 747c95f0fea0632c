"""numpy."""
import numpy as np
import torch


def pack_int4(q):
    a = q.numpy()
    if a.shape[1] % 2 or a.min() < -8 or a.max() > 7:
        raise ValueError("no")
    a = (a + 8).astype(np.uint8)
    return torch.from_numpy(np.bitwise_or(a[:, ::2], np.left_shift(a[:, 1::2], 4)))


def unpack_int4(packed):
    a = packed.numpy()
    both = np.stack([a & 0x0F, a >> 4], axis=2).astype(np.int8) - 8
    return torch.from_numpy(both.reshape(a.shape[0], -1))
