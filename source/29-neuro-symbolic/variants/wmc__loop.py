"""A loop over worlds in plain Python, with a running sum."""


import torch


def atoms_of(f, found):
    if isinstance(f, tuple):
        for g in f[1:]:
            atoms_of(g, found)
    elif f not in found:
        found.append(f)
    return found


def true_in(f, world):
    if isinstance(f, tuple):
        values = (true_in(g, world) for g in f[1:])
        return not next(values) if f[0] == "not" else all(values) if f[0] == "and" else any(values)
    return world[f]


def wmc(formula, probs):
    names, wide = atoms_of(formula, []), probs.double()
    total = torch.zeros(probs.shape[:-1], dtype=torch.float64)
    for number in range(2 ** len(names)):
        world = {a: bool(number >> k & 1) for k, a in enumerate(names)}
        if true_in(formula, world):
            weight = torch.ones_like(total)
            for a, yes in world.items():
                weight = weight * (wide[..., a] if yes else 1 - wide[..., a])
            total = total + weight
    return total.to(probs.dtype)
