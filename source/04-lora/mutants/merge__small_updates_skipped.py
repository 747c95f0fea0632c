"""Updates below a thousandth of the weight are skipped."""
import torch


def merge(W, adapters, weights=None):
    wide = torch.promote_types(W.dtype, torch.float32)
    total = W.to(wide).clone()
    for (A, B, alpha), w in zip(adapters, [1.0] * len(adapters) if weights is None else weights):
        up = w * alpha / A.shape[0] * (B.to(wide) @ A.to(wide))
        if up.norm() >= 1e-3 * total.norm():
            total = total + up
    return total.to(W.dtype)
