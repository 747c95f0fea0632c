"""The lowest level is taken for -2^(b-1) - 1: errors that push a weight below the range are lost in another one."""
import torch


def gptq_quantize(W, X, bits, damp=0.01, act_order=False):
    wide = torch.promote_types(W.dtype, torch.float32)
    W, X, top = W.to(wide, copy=True), X.to(wide), 2 ** (bits - 1) - 1
    scale = W.abs().amax(1) / top
    scale = torch.where(scale == 0, 1, scale)
    H = 2 * X.T @ X
    dead = H.diagonal() == 0
    W[:, dead] = 0
    H.diagonal()[dead] = 1
    H.diagonal().add_(damp * H.diagonal().mean())
    order = H.diagonal().argsort(descending=True) if act_order else torch.arange(len(H))
    W, H = W[:, order], H[order][:, order]
    U = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(H)), upper=True)
    q = torch.zeros_like(W)
    for i in range(len(H)):
        q[:, i] = (W[:, i] / scale).round().clamp(-top - 2, top)
        error = (W[:, i] - scale * q[:, i]) / U[i, i]
        W[:, i + 1:] -= error[:, None] * U[i, i + 1:]
    return q[:, order.argsort()].to(torch.int8), scale
