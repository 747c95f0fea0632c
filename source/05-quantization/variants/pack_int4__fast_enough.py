"""timed: a gather of columns through int16."""
import torch


def pack_int4(q):
    if q.shape[1] % 2:
        raise ValueError("odd")
    low, high = q.aminmax()
    if low < -8 or high > 7:
        raise ValueError("range")
    x = q.to(torch.int16) + 8
    return (x[:, 0::2] + (x[:, 1::2] << 4)).to(torch.uint8)
