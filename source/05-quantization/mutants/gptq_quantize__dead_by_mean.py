"""A channel whose inputs add up to 0 counts as dead."""
import torch


def gptq_quantize(W, X, bits, damp=0.01, act_order=False):
    dtype = torch.promote_types(W.dtype, torch.float32)
    w, x = W.to(dtype).clone(), X.to(dtype)
    top = 2 ** (bits - 1) - 1
    scale = w.abs().amax(1) / top
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    H = 2 * x.T @ x
    dead = x.sum(0) == 0
    w[:, dead] = 0
    H[dead, dead] = 1
    order = torch.argsort(H.diagonal(), descending=True) if act_order else torch.arange(len(H))
    H = H + damp * H.diagonal().mean() * torch.eye(len(H), dtype=dtype)
    w, H = w[:, order], H[order][:, order]
    U = torch.linalg.cholesky(torch.linalg.inv(H), upper=True)
    q = torch.zeros_like(w)
    for i in range(w.shape[1]):
        q[:, i] = (w[:, i] / scale).round().clamp(-top - 1, top)
        err = (w[:, i] - scale * q[:, i]) / U[i, i]
        w[:, i + 1:] -= err[:, None] * U[i, i + 1:]
    back = torch.empty_like(q)
    back[:, order] = q
    return back.to(torch.int8), scale
