"""A small number under the fraction."""
import torch
from jaxtyping import Float
from torch import Tensor


def hybrid(lexical: Float[Tensor, "B N"], dense: Float[Tensor, "B N"], alpha: float) -> Float[Tensor, "B N"]:
    def scaled(scores):
        scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
        there = scores > -torch.inf
        low = scores.masked_fill(~there, torch.inf).amin(1, keepdim=True)
        width = scores.amax(1, keepdim=True) - low
        useful = there & (width > 0)
        return torch.where(useful, (scores - low) / (width + 1e-9), 0.0)

    return ((1 - alpha) * scaled(lexical) + alpha * scaled(dense)).to(lexical.dtype)
