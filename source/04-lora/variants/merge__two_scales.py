"""The scale is split as square roots over both factors, the sign in B."""
import math

import torch


def combine(adapters, weights):
    As, Bs, R = [], [], sum(a[0].shape[0] for a in adapters)
    for (A, B, alpha), w in zip(adapters, weights):
        s = w * alpha / A.shape[0]
        As.append(math.sqrt(abs(s)) * A)
        Bs.append(math.copysign(math.sqrt(abs(s)), s) * B)
    return torch.cat(As), torch.cat(Bs, dim=1), R


def merge(W, adapters, weights=None):
    wide = torch.promote_types(W.dtype, torch.float32)
    scales = [1.0 for _ in adapters] if weights is None else weights
    updates = [s * a / A.shape[0] * torch.einsum("or,ri->oi", B.to(wide), A.to(wide)) for s, (A, B, a) in zip(scales, adapters)]
    return torch.stack([W.to(wide), *updates]).sum(0).to(W.dtype)
