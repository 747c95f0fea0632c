"""Cholesky of the flipped H: no inverse of H at all."""
import torch


def gptq_quantize(W, X, bits, damp=0.01, act_order=False):
    dt = torch.float64 if W.dtype == torch.float64 else torch.float32
    w, x = W.detach().to(dt).clone(), X.to(dt)
    q_max, q_min = 2 ** (bits - 1) - 1, -(2 ** (bits - 1))
    scale = w.abs().amax(dim=1) / q_max
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    H = 2.0 * torch.einsum("ni,nj->ij", x, x)
    d = torch.diagonal(H)
    dead = d == 0
    w[:, dead] = 0.0
    H[dead, dead] = 1.0
    H = H + torch.eye(H.shape[0], dtype=dt) * (damp * torch.diagonal(H).mean())
    n = H.shape[0]
    perm = torch.argsort(torch.diagonal(H), descending=True) if act_order else torch.arange(n)
    inv = torch.argsort(perm)
    w, H = w[:, perm], H[perm][:, perm]
    # flip(H) = L L^T, so H = flip(L) flip(L)^T with an upper triangular factor; its inverse transposed is U with UᵀU
    L = torch.linalg.cholesky(torch.flip(H, (0, 1)))
    upper = torch.flip(L, (0, 1))
    U = torch.linalg.solve_triangular(upper, torch.eye(n, dtype=dt), upper=True)
    q = torch.zeros_like(w)
    for i in range(n):
        q[:, i] = torch.clamp(torch.round(w[:, i] / scale), q_min, q_max)
        err = (w[:, i] - q[:, i] * scale) / U[i, i]
        w[:, i:] = w[:, i:] - torch.outer(err, U[i, i:])
    return q[:, inv].to(torch.int8), scale
