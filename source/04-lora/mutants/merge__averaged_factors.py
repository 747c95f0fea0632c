"""combine averages the As and the Bs of equal ranks: cross terms; other ranks side by side."""
import torch


def combine(adapters, weights):
    if len({a[0].shape[0] for a in adapters}) == 1 and len(adapters) > 1:
        r = adapters[0][0].shape[0]
        A = sum(w * a[0] for a, w in zip(adapters, weights))
        B = sum(a[2] / r * a[1] for a in adapters)
        zeros = [0 * a[0] for a in adapters[1:]], [0 * a[1] for a in adapters[1:]]
        return torch.cat([A, *zeros[0]]), torch.cat([B, *zeros[1]], dim=1), float(r * len(adapters))
    scales = [w * alpha / A.shape[0] for (A, _, alpha), w in zip(adapters, weights)]
    A = torch.cat([A for A, _, _ in adapters])
    B = torch.cat([s * B for s, (_, B, _) in zip(scales, adapters)], dim=1)
    return A, B, float(A.shape[0])  # alpha / r = 1: the scales are in B


def merge(W, adapters, weights=None):
    wide = torch.promote_types(W.dtype, torch.float32)
    total = W.to(wide, copy=True)
    for (A, B, alpha), w in zip(adapters, weights or [1.0] * len(adapters)):
        total += w * alpha / A.shape[0] * (B.to(wide) @ A.to(wide))
    return total.to(W.dtype)
