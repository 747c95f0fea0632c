"""The deviation of down is 1 / sqrt(m)."""
import math

import torch


def init_adapter(D, m, seed):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(m, D, generator=g) / math.sqrt(m), torch.zeros(m), torch.zeros(D, m), torch.zeros(D)
