"""Shifts a signed byte."""
import torch


def unpack_int4(packed):
    levels = torch.stack([packed & 15, (packed.view(torch.int8) >> 4).view(torch.uint8)], dim=-1).flatten(1)
    return levels.to(torch.int8) - 8
