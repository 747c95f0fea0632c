"""Probabilities are multiplied along the formula."""


import torch


def wmc(formula, probs):
    p = probs.to(torch.promote_types(probs.dtype, torch.float32))

    def value(f):
        if not isinstance(f, tuple):
            return p[..., f]
        out = torch.ones(p.shape[:-1], dtype=p.dtype)
        if f[0] == "not":
            return 1 - value(f[1])
        for g in f[1:]:
            out = out * (value(g) if f[0] == "and" else 1 - value(g))
        return out if f[0] == "and" else 1 - out
    return value(formula).to(probs.dtype)
