"""Conditioning on one atom after the other."""


import torch


def wmc(formula, probs):
    p = probs.to(torch.promote_types(probs.dtype, torch.float32))
    ones = torch.ones(p.shape[:-1], dtype=p.dtype)

    def simplify(f, i, value):
        if f is True or f is False:
            return f
        if isinstance(f, int):
            return value if f == i else f
        parts = [simplify(g, i, value) for g in f[1:]]
        if f[0] == "not":
            return (not parts[0]) if isinstance(parts[0], bool) else ("not", parts[0])
        end = f[0] == "or"
        if any(g is end for g in parts):
            return end
        parts = [g for g in parts if not isinstance(g, bool)]
        return (f[0], *parts) if parts else not end

    def first(f):
        if isinstance(f, int):
            return f
        for g in f[1:]:
            i = first(g)
            if i is not None:
                return i
        return None

    def chance(f):
        if isinstance(f, bool):
            return ones if f else ones * 0
        i = first(f)
        return p[..., i] * chance(simplify(f, i, True)) + (1 - p[..., i]) * chance(simplify(f, i, False))

    return chance(simplify(formula, -1, True)).to(probs.dtype).clone()
