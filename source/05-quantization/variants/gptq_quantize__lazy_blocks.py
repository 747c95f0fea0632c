"""Updates later columns block by block, as the paper's code does."""
import torch


def gptq_quantize(W, X, bits, damp=0.01, act_order=False):
    kind = torch.float64 if W.dtype == torch.float64 else torch.float32
    w, x, top, size = W.to(kind).clone(), X.to(kind), 2 ** (bits - 1) - 1, 32
    scale = w.abs().amax(1) / top
    scale[scale == 0] = 1
    H = 2 * x.T @ x
    dead = torch.diag(H) == 0
    H[dead, dead] = 1
    w[:, dead] = 0
    n = len(H)
    perm = torch.argsort(torch.diag(H), descending=True) if act_order else torch.arange(n)
    w, H = w[:, perm], H[perm][:, perm]
    H[range(n), range(n)] += damp * torch.mean(torch.diag(H))
    U = torch.linalg.cholesky(torch.linalg.inv(H.double()), upper=True).to(kind)
    q = torch.zeros_like(w)
    for a in range(0, n, size):
        b = min(a + size, n)
        errors = torch.zeros(len(w), b - a, dtype=kind)
        for i in range(a, b):
            q[:, i] = (w[:, i] / scale).round().clamp(-top - 1, top)
            errors[:, i - a] = (w[:, i] - scale * q[:, i]) / U[i, i]
            w[:, i:b] -= errors[:, i - a:i - a + 1] * U[i:i + 1, i:b]
        w[:, b:] -= errors @ U[a:b, b:]
    out = torch.zeros_like(q)
    out[:, perm] = q
    return out.to(torch.int8), scale
