"""The root of the singular values on both sides."""
import torch


def lowrank(W, r, X=None):
    if not 0 <= r <= min(W.shape):
        raise ValueError("rank")
    w = W.float() if W.dtype in (torch.float16, torch.bfloat16) else W
    if X is None:
        U, S, Vh = torch.linalg.svd(w, full_matrices=False)
        root = S[:r].sqrt()
        return (root[:, None] * Vh[:r]).to(W.dtype), (U[:, :r] * root).to(W.dtype)
    x = X.to(w.dtype).reshape(-1, W.shape[1])
    V = torch.linalg.svd(w @ x.T, full_matrices=True).U[:, :r]
    return (V.T @ w).to(W.dtype), V.to(W.dtype)


def break_even(out, n_in):
    return (out * n_in + out + n_in - 1) // (out + n_in) - 1
