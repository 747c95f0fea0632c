"""By multiplication and remainder, over pairs."""
import torch


def pack_int4(q):
    R, C = q.shape
    if C % 2 != 0:
        raise ValueError("odd")
    if q.min() < -8 or q.max() > 7:
        raise ValueError("range")
    pairs = q.int().reshape(R, C // 2, 2) + 8
    return (pairs[..., 0] + 16 * pairs[..., 1]).to(torch.uint8)


def unpack_int4(packed):
    out = torch.empty(packed.shape[0], 2 * packed.shape[1], dtype=torch.int8)
    out[:, 0::2] = (packed.int() % 16 - 8).to(torch.int8)
    out[:, 1::2] = (packed.int() // 16 - 8).to(torch.int8)
    return out
