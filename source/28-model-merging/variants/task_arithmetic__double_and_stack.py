"""float64 inside, experts stacked."""

import torch


def task_arithmetic(base, experts, lambdas):
    if len(experts) != len(lambdas):
        raise ValueError
    for e in experts:
        if sorted(e) != sorted(base):
            raise ValueError
        for k in e:
            if tuple(e[k].shape) != tuple(base[k].shape):
                raise ValueError
    out = {}
    for k in base:
        if base[k].dtype.is_floating_point and experts:
            b = base[k].to(torch.float64)
            moves = torch.stack([e[k].to(torch.float64) - b for e in experts])
            out[k] = (b + torch.einsum("n...,n->...", moves, torch.tensor(lambdas, dtype=torch.float64))).to(base[k].dtype)
        else:
            out[k] = base[k].clone()
    return out
