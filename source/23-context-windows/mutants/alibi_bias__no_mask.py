"""Keys after the query are penalised by their distance, not masked."""
import torch
from jaxtyping import Float
from torch import Tensor


def alibi_bias(heads: int, queries: int, keys: int, dtype: torch.dtype = torch.float32) -> Float[Tensor, "H T S"]:
    distance = torch.arange(keys - queries, keys)[:, None] - torch.arange(keys)
    bias = -alibi_slopes(heads).double()[:, None, None] * distance.abs()
    return bias.to(dtype)
