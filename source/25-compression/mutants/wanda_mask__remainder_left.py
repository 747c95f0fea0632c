"""The short last group is left alone."""
import torch
from jaxtyping import Bool, Float
from torch import Tensor


def wanda_mask(W: Float[Tensor, "out in"], X: Float[Tensor, "*lead in"], sparsity: float) -> Bool[Tensor, "out in"]:
    if not 0 <= sparsity <= 1:
        raise ValueError("sparsity lies between 0 and 1")
    scores, mask = importance(W, X), torch.ones(W.shape, dtype=torch.bool, device=W.device)
    gone = scores.sort(dim=1, stable=True).indices[:, :round(sparsity * W.shape[1])]
    return mask.scatter(1, gone, False)


def nm_sparsify(W: Float[Tensor, "out in"], n: int = 2, m: int = 4,
                X: Float[Tensor, "*lead in"] | None = None) -> Float[Tensor, "out in"]:
    if m < 1 or not 0 <= n <= m:
        raise ValueError("0 <= n <= m and m >= 1")
    scores, new = importance(W, X), W.detach().clone()
    for start in range(0, W.shape[1] - m + 1, m):
        part = scores[:, start:start + m]
        gone = part.sort(dim=1, stable=True).indices[:, :max(part.shape[1] - n, 0)]
        new[:, start:start + m] = new[:, start:start + m].scatter(1, gone, 0.0)
    return new


def importance(W, X=None):
    "|W|, or |W| times the length of every input, in float32 at least."
    wide = torch.promote_types(W.dtype, torch.float32)
    scores = W.detach().to(wide).abs()
    if X is None:
        return scores
    return scores * X.detach().to(torch.promote_types(X.dtype, wide)).reshape(-1, W.shape[1]).norm(dim=0)
