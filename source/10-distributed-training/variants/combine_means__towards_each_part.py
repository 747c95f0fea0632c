"""Running mean."""

import torch


def combine_means(parts):
    wide = lambda g: g.to(torch.promote_types(g.dtype, torch.float32))
    loss, grads, seen = 0.0, [torch.zeros_like(wide(g)) for g in parts[0][1]], 0
    for l, gs, n in parts:
        if n:
            seen += n
            loss += (l - loss) * (n / seen)
            grads = [a + (wide(g) - a) * (n / seen) for a, g in zip(grads, gs)]
    return float(loss), grads, seen
