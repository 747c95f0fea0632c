"""The recursion with a shrinking inverse, float64."""
import torch


def gptq_quantize(W, X, bits, damp=0.01, act_order=False):
    kind = torch.float64 if W.dtype == torch.float64 else torch.float32
    w, x, top = W.double().clone(), X.double(), 2 ** (bits - 1) - 1
    scale = w.abs().max(1).values / top
    scale[scale == 0] = 1
    H = x.T @ x * 2
    for j in range(len(H)):
        if H[j, j] == 0:
            H[j, j] = 1
            w[:, j] = 0
    H = H + damp * H.diagonal().mean() * torch.eye(len(H)).double()
    left = torch.argsort(-H.diagonal()).tolist() if act_order else list(range(len(H)))
    inverse, q = torch.linalg.inv(H), torch.zeros_like(w)
    while left:
        j = left.pop(0)
        q[:, j] = torch.clamp(torch.round(w[:, j] / scale), -top - 1, top)
        error = (w[:, j] - q[:, j] * scale) / inverse[j, j]
        w = w - error[:, None] * inverse[j]
        inverse = inverse - inverse[:, j:j + 1] @ inverse[j:j + 1] / inverse[j, j]
    return q.to(torch.int8), scale.to(kind)
