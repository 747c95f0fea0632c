"""The width is that of the base and the first expert."""

import torch


def task_arithmetic(base, experts, lambdas):
    if len(experts) != len(lambdas):
        raise ValueError("numbers differ")
    for e in experts:
        if set(e) != set(base):
            raise ValueError("names differ")
        for k in base:
            if e[k].shape != base[k].shape:
                raise ValueError("shapes differ")
    out = {}
    for k, b in base.items():
        if not b.is_floating_point():
            out[k] = b.clone()
            continue
        wide = torch.float32
        for x in (b, *(e[k] for e in experts[:1])):
            wide = torch.promote_types(wide, x.dtype)
        start = b.to(wide)
        total = torch.zeros_like(start)
        for e, lam in zip(experts, lambdas):
            total = total + lam * (e[k].to(wide) - start)
        out[k] = (start + total).to(b.dtype).clone()
    return out
