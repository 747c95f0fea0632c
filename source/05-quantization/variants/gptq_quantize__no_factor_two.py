"""Without the factor 2, numpy in float64."""
import numpy as np
import torch


def gptq_quantize(W, X, bits, damp=0.01, act_order=False):
    w, x, top = W.double().numpy().copy(), X.double().numpy(), 2 ** (bits - 1) - 1
    scale = np.abs(w).max(1) / top
    scale[scale == 0] = 1
    H = 2 * x.T @ x
    dead = np.diag(H) == 0
    w[:, dead] = 0
    H[dead, dead] = 1
    H += damp * np.diag(H).mean() * np.eye(len(H))
    order = np.argsort(-np.diag(H), kind="stable") if act_order else np.arange(len(H))
    inverse = np.linalg.inv(H[np.ix_(order, order)])
    lower = np.linalg.cholesky(inverse)
    q = np.zeros_like(w)
    for step, i in enumerate(order):
        q[:, i] = np.clip(np.round(w[:, i] / scale), -top - 1, top)
        error = (w[:, i] - scale * q[:, i]) / lower[step, step]
        w[:, order[step:]] -= np.outer(error, lower.T[step, step:])
    kind = torch.float64 if W.dtype == torch.float64 else torch.float32
    return torch.from_numpy(q).to(torch.int8), torch.from_numpy(scale).to(kind)
