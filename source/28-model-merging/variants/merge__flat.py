"""One long vector."""

import torch


def merge(base, experts, recipe):
    method, lam = recipe["method"], recipe["lam"]
    if method not in ("arithmetic", "ties", "dare", "dare_ties"):
        raise ValueError(method)
    out = task_arithmetic(base, experts, [lam] * len(experts))
    if method == "arithmetic" or not experts:
        return out
    names = [k for k, b in base.items() if b.is_floating_point()]
    kinds = [b.dtype for b in base.values() if b.is_floating_point()] + [e[k].dtype for e in experts for k in names]
    wide = torch.float64 if torch.float64 in kinds else torch.float32
    rows = []
    for i, e in enumerate(experts):
        tau = {k: e[k].to(wide) - base[k].to(wide) for k in names}
        tau = trim(tau, recipe["keep"]) if method == "ties" else dare(tau, recipe["p"], recipe["seed"] + i, True)
        rows.append(torch.cat([tau[k].reshape(-1) for k in names]))
    rows = torch.stack(rows)
    move = rows.sum(0) if method == "dare" else disjoint_merge(rows, elect_sign(rows))
    at = 0
    for k in names:
        n = base[k].numel()
        out[k] = (base[k].to(wide) + lam * move[at:at + n].reshape(base[k].shape)).to(base[k].dtype)
        at += n
    return out
