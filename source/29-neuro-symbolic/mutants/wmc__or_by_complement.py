"""An or of atoms is 1 - (1 - p)(1 - q), which is 0 where both are small."""

import itertools

import torch


def wmc(formula, probs):
    if isinstance(formula, tuple) and formula[0] == "or" and all(isinstance(f, int) for f in formula[1:]):
        wide = probs.to(torch.promote_types(probs.dtype, torch.float32))
        return (1 - (1 - wide[..., sorted(set(formula[1:]))]).prod(-1)).to(probs.dtype)

    def atoms(f):
        return {f} if not isinstance(f, tuple) else set().union(*map(atoms, f[1:]))

    def holds(f):  # one truth value a world
        if not isinstance(f, tuple):
            return worlds[:, used.index(f)]
        parts = [holds(g) for g in f[1:]]
        if f[0] == "not":
            return ~parts[0]
        truth = torch.full((len(worlds),), f[0] == "and")
        for part in parts:
            truth = truth & part if f[0] == "and" else truth | part
        return truth

    used = sorted(atoms(formula))
    worlds = torch.tensor(list(itertools.product([False, True], repeat=len(used))))  # (2^k, k)
    worlds = worlds.reshape(2 ** len(used), len(used)).bool()
    p = probs[..., used].to(torch.promote_types(probs.dtype, torch.float32))[..., None, :]
    weights = torch.where(worlds, p, 1 - p).prod(-1)  # (…, 2^k)
    return weights[..., holds(formula)].sum(-1).to(probs.dtype)
