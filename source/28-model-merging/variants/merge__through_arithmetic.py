"""The merged vector as one expert with one lambda, in float64."""

import torch


def merge(base, experts, recipe):
    how = recipe["method"]
    if how not in {"arithmetic", "ties", "dare", "dare_ties"}:
        raise ValueError(how)
    checked = task_arithmetic(base, experts, [recipe["lam"]] * len(experts))
    if not experts or how == "arithmetic":
        return checked
    names = [k for k in base if base[k].is_floating_point()]
    taus = [{k: e[k].double() - base[k].double() for k in names} for e in experts]
    if how == "ties":
        taus = [trim(t, recipe["keep"]) for t in taus]
    else:
        taus = [dare(t, recipe["p"], recipe["seed"] + i) for i, t in enumerate(taus)]
    for k in names:
        rows = torch.stack([t[k] for t in taus])
        if how == "dare":
            move = rows.sum(dim=0)
        else:
            move = disjoint_merge(rows, elect_sign(rows))
        checked[k] = (base[k].double() + recipe["lam"] * move).to(base[k].dtype)
    return checked
