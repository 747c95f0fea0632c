"""The queries stand at the beginning of the keys."""
import torch
from jaxtyping import Float
from torch import Tensor


def alibi_bias(heads: int, queries: int, keys: int, dtype: torch.dtype = torch.float32) -> Float[Tensor, "H T S"]:
    distance = torch.arange(queries)[:, None] - torch.arange(keys)
    bias = -alibi_slopes(heads).double()[:, None, None] * distance
    return bias.masked_fill(distance < 0, -torch.inf).to(dtype)
