"""numpy, with padding replaced by what each aggregate ignores."""
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor


def trace_scores(steps: Float[Tensor, "N S"], lengths: Int[Tensor, "N"], agg: str = "min") -> Float[Tensor, "N"]:
    x, n = steps.to(torch.float64).numpy(), lengths.numpy()
    real = np.arange(x.shape[1])[None] < n[:, None]
    with np.errstate(divide="ignore"):
        if agg == "last":
            out = np.array([row[k - 1] if k else 0.0 for row, k in zip(x, n)])
        elif agg == "min":
            out = np.where(real, x, np.inf).min(1, initial=np.inf)
        elif agg == "prod":
            out = np.where(real, x, 1.0).prod(1)
        elif agg == "geo":
            out = np.exp(np.log(np.where(real, x, 1.0)).sum(1) / np.maximum(n, 1))
        elif agg == "mean":
            out = np.where(real, x, 0.0).sum(1) / np.maximum(n, 1)
        else:
            raise ValueError("unknown aggregate")
    return torch.from_numpy(np.where(n > 0, out, 0.0).astype(np.float64))
