"""Distances and products in the given dtype."""
import torch
from jaxtyping import Float
from torch import Tensor


def alibi_bias(heads: int, queries: int, keys: int, dtype: torch.dtype = torch.float32) -> Float[Tensor, "H T S"]:
    distance = torch.arange(keys - queries, keys)[:, None] - torch.arange(keys)
    bias = -alibi_slopes(heads).double()[:, None, None] * distance
    bias = -alibi_slopes(heads).to(dtype)[:, None, None] * distance.to(dtype)
    return bias.masked_fill(distance < 0, -torch.inf).to(dtype)
