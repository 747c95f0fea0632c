"""The slopes between are taken from the second on."""
import torch
from jaxtyping import Float
from torch import Tensor


def alibi_slopes(heads: int) -> Float[Tensor, "H"]:
    p = 2 ** (heads.bit_length() - 1)
    first = [2.0 ** (-8 * i / p) for i in range(1, p + 1)]
    between = [2.0 ** (-4 * i / p) for i in range(2, 2 * p + 1, 2)]
    return torch.tensor((first + between)[:heads], dtype=torch.float32)
