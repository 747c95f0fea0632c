"""The width is that of the base and the first expert."""

import torch


def merge(base, experts, recipe):
    method = recipe["method"]
    if method not in ("arithmetic", "ties", "dare", "dare_ties"):
        raise ValueError("method")
    task_arithmetic(base, experts, [0.0] * len(experts))
    out = {k: b.clone() for k, b in base.items()}
    names = [k for k, b in base.items() if b.is_floating_point()]
    if not experts or not names:
        return out
    wide = torch.float32
    for d in (base, *experts[:1]):
        for k in names:
            wide = torch.promote_types(wide, d[k].dtype)
    taus = [{k: e[k].to(wide) - base[k].to(wide) for k in names} for e in experts]
    if method == "ties":
        taus = [trim(t, recipe["keep"]) for t in taus]
    elif method != "arithmetic":
        taus = [dare(t, recipe["p"], recipe["seed"] + i) for i, t in enumerate(taus)]
    for k in names:
        rows = torch.stack([t[k] for t in taus])
        if method in ("ties", "dare_ties"):
            move = disjoint_merge(rows, elect_sign(rows))
        else:
            move = rows.sum(0)
        out[k] = (base[k].to(wide) + recipe["lam"] * move).to(base[k].dtype)
    return out
