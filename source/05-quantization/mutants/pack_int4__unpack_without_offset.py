"""The offset stays on."""
import torch


def unpack_int4(packed):
    levels = torch.stack([packed & 15, packed >> 4], dim=-1).flatten(1)
    return levels.to(torch.int8)
