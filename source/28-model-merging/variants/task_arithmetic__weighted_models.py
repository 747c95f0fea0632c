"""(1 - sum of lambda) times the base plus the weighted models."""

import torch


def task_arithmetic(base, experts, lambdas):
    if len(experts) != len(lambdas) or any(
            set(e) != set(base) or any(e[k].shape != base[k].shape for k in base) for e in experts):
        raise ValueError("these do not fit")

    def one(name):
        b = base[name]
        if not torch.is_floating_point(b):
            return b.clone()
        total = (1 - sum(lambdas)) * b.double()
        for e, lam in zip(experts, lambdas):
            total += lam * e[name].double()
        return total.to(b.dtype).clone()
    return {name: one(name) for name in base}
