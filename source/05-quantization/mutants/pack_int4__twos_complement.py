"""Stores the low four bits of the signed number, without the offset."""
import torch


def pack_int4(q):
    if q.shape[1] % 2:
        raise ValueError(f"an even number of columns is needed, not {q.shape[1]}")
    if ((q < -8) | (q > 7)).any():
        raise ValueError("4 bits hold numbers from -8 to 7")
    levels = q.to(torch.uint8) & 15
    return levels[:, ::2] | levels[:, 1::2] << 4
