"""A row with no distractor is not thought of."""
import torch
from jaxtyping import Float, Int
from torch import Tensor


def needle_margin(scores: Float[Tensor, "*lead S"], needle: Int[Tensor, "*lead"]) -> tuple[Tensor, Tensor]:
    wide = scores.to(torch.promote_types(scores.dtype, torch.float32))
    own = wide.gather(-1, needle[..., None])
    hay = wide.scatter(-1, needle[..., None], -torch.inf)
    n = (hay > -torch.inf).sum(-1).to(wide.dtype)
    own, level = own[..., 0], hay.logsumexp(-1)
    mass = (own - torch.logaddexp(own, level)).exp()
    margin = own - level + n.log()
    alone = n == 0
    return (margin.to(scores.dtype), mass.to(scores.dtype))
