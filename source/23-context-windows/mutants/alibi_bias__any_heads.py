"""2^(-8 h / H) for every head count."""
import torch
from jaxtyping import Float
from torch import Tensor


def alibi_slopes(heads: int) -> Float[Tensor, "H"]:
    p = heads
    first = [2.0 ** (-8 * i / p) for i in range(1, p + 1)]
    between = [2.0 ** (-4 * i / p) for i in range(1, 2 * p, 2)]
    return torch.tensor((first + between)[:heads], dtype=torch.float32)
