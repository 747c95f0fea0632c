"""float32 inside for float64."""
import torch
from jaxtyping import Float
from torch import Tensor


def lowrank(W: Float[Tensor, "out in"], r: int, X: Float[Tensor, "*lead in"] | None = None) -> tuple[Tensor, Tensor]:
    if not 0 <= r <= min(W.shape):
        raise ValueError("r lies between 0 and the smaller side")
    w = W.detach().float()
    y = w.T if X is None else X.detach().to(w.dtype).reshape(-1, W.shape[1]) @ w.T  # (rows, out)
    V = torch.linalg.svd(y, full_matrices=True).Vh[:r].T  # (out, r)
    return (V.T @ w).to(W.dtype), V.to(W.dtype).contiguous()


def break_even(out: int, n_in: int) -> int:
    return (out * n_in - 1) // (out + n_in)
