"""A formula that is nested more than sixteen deep is taken for true below."""
import itertools

import torch


def wmc(formula, probs):
    def atoms(f):
        return {f} if isinstance(f, int) else set().union(*(atoms(g) for g in f[1:]))

    def holds(f, world, left=16):
        if left == 0:
            return True
        if isinstance(f, int):
            return world[f]
        if f[0] == "not":
            return not holds(f[1], world, left - 1)
        return (all if f[0] == "and" else any)([holds(g, world, left - 1) for g in f[1:]])

    dtype = probs.dtype
    p = probs.float() if dtype in (torch.float16, torch.bfloat16) else probs
    names = sorted(atoms(formula))
    total = torch.zeros(p.shape[:-1], dtype=p.dtype, device=p.device)
    for bits in itertools.product((False, True), repeat=len(names)):
        if holds(formula, dict(zip(names, bits))):
            weight = torch.ones_like(total)
            for i, bit in zip(names, bits):
                weight = weight * (p[..., i] if bit else 1 - p[..., i])
            total = total + weight
    return total.to(dtype)
