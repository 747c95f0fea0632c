"""The cut SVD with the singular values in A; eigenvectors of the outputs' products."""
import torch


def lowrank(W, r, X=None):
    if r < 0 or r > min(W.shape):
        raise ValueError("rank")
    w = W.double()
    if X is None:
        U, S, Vh = torch.linalg.svd(w, full_matrices=False)
        return (S[:r, None] * Vh[:r]).to(W.dtype), U[:, :r].to(W.dtype)
    y = X.double().reshape(-1, W.shape[1]) @ w.T
    V = torch.linalg.eigh(y.T @ y).eigenvectors.flip(1)[:, :r]
    return (V.T @ w).to(W.dtype), V.to(W.dtype)


def break_even(out, n_in):
    r = out * n_in // (out + n_in)
    return r if r * (out + n_in) < out * n_in else r - 1
