"""Takes damp = 0 for "not given"."""
import torch


def gptq_quantize(W, X, bits, damp=0.01, act_order=False):
    dtype = torch.promote_types(W.dtype, torch.float32)
    damp = damp or 0.01
    top = 2 ** (bits - 1) - 1
    scale = quant_sym(W, bits, "channel")[1]
    w, x = W.to(dtype).clone(), X.to(dtype)
    H = 2 * x.T @ x
    dead = H.diag() == 0
    w[:, dead] = 0
    H = H + torch.diag(dead.to(dtype))
    H = H + damp * H.diag().mean() * torch.eye(len(H), dtype=dtype)
    order = H.diag().argsort(descending=True) if act_order else torch.arange(len(H))
    w, H = w[:, order], H[order][:, order]
    U = torch.linalg.cholesky(torch.linalg.inv(H), upper=True)
    q = torch.zeros_like(w)
    for i in range(len(H)):
        q[:, i] = (w[:, i] / scale).round().clamp(-top - 1, top)
        err = (w[:, i] - q[:, i] * scale) / U[i, i]
        w[:, i + 1:] -= err[:, None] * U[i, i + 1:]
    back = torch.zeros_like(q)
    back[:, order] = q
    return back.to(torch.int8), scale
