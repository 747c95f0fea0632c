"""The high nibble first."""
import torch


def unpack_int4(packed):
    levels = torch.stack([packed >> 4, packed & 15], dim=-1).flatten(1)
    return levels.to(torch.int8) - 8
