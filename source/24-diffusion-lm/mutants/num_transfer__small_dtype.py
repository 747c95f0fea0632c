"""The dtype of count comes back."""
import torch
from torch import Tensor


def num_transfer(count: Tensor, steps: int) -> Tensor:
    dtype = count.dtype
    count = count.long()[:, None]
    return (count // steps + (torch.arange(steps, device=count.device) < count % steps)).to(dtype)
