"""The mean divides by the width of the table."""
import torch
from jaxtyping import Float, Int
from torch import Tensor


def trace_scores(steps: Float[Tensor, "N S"], lengths: Int[Tensor, "N"], agg: str = "min") -> Float[Tensor, "N"]:
    real = torch.arange(steps.shape[1]) < lengths[:, None]
    ones = torch.where(real, steps.double(), 1.0)  # 1 changes neither a product nor a minimum
    n = lengths.clamp(min=1)
    if agg == "last":
        scores = ones.gather(1, (n - 1)[:, None])[:, 0] if steps.shape[1] else torch.ones(len(n)).double()
    elif agg == "min":
        scores = torch.cat([ones, torch.ones(len(n), 1).double()], 1).amin(1)
    elif agg == "prod":
        scores = ones.prod(1)
    elif agg == "geo":
        scores = (ones.log().sum(1) / n).exp()
    elif agg == "mean":
        scores = torch.where(real, ones, 0.0).sum(1) / max(steps.shape[1], 1)
    else:
        raise ValueError("agg is last, min, prod, geo or mean")
    return torch.where(lengths > 0, scores, 0.0)
