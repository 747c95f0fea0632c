"""up begins random: a new adapter changes the model."""
import math

import torch


def init_adapter(D, m, seed):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(m, D, generator=g) / math.sqrt(D), torch.zeros(m), torch.randn(D, m, generator=g) / math.sqrt(m), torch.zeros(D)
