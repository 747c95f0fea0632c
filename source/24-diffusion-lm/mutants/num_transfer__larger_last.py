"""The larger stand last."""
import torch
from torch import Tensor


def num_transfer(count: Tensor, steps: int) -> Tensor:
    count = count.long()[:, None]
    return count // steps + (torch.arange(steps, device=count.device).flip(0) < count % steps)
