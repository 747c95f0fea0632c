"""Small images to learn from: the 8 × 8 digits of scikit-learn."""

import functools

import torch
from torch import Tensor


@functools.cache
def images() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pixels in 0 … 1 and digits, shuffled: 898 to learn from, 899 to judge by."""
    from sklearn.datasets import load_digits
    x, y = load_digits(return_X_y=True)
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
    x, y = torch.tensor(x, dtype=torch.float32)[order] / 16, torch.tensor(y)[order]
    return x[:898], y[:898], x[898:], y[898:]
