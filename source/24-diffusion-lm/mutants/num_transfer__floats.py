"""Divided as floats."""
import torch
from torch import Tensor


def num_transfer(count: Tensor, steps: int) -> Tensor:
    count = count.long()[:, None]
    return (count / steps).floor().long() + (torch.arange(steps, device=count.device) < count % steps)
