"""All low nibbles first, then all high ones."""
import torch


def unpack_int4(packed):
    levels = torch.cat([packed & 15, packed >> 4], dim=1)
    return levels.to(torch.int8) - 8
