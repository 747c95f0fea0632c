"""The slopes of the next power of two, cut."""
import torch
from jaxtyping import Float
from torch import Tensor


def alibi_slopes(heads: int) -> Float[Tensor, "H"]:
    p = 2 ** (heads - 1).bit_length()
    first = [2.0 ** (-8 * i / p) for i in range(1, p + 1)]
    between = [2.0 ** (-4 * i / p) for i in range(1, 2 * p, 2)]
    return torch.tensor(first[:heads], dtype=torch.float32)
