"""The untrimmed moves elect."""

import torch
from torch import Tensor

Weights = dict[str, Tensor]


def merge(base: Weights, experts: list[Weights], recipe: dict) -> Weights:
    method, lam = recipe["method"], recipe["lam"]
    if method not in ("arithmetic", "ties", "dare", "dare_ties"):
        raise ValueError(f"no method {method!r}")
    plain = task_arithmetic(base, experts, [lam] * len(experts))  # refuses what does not fit
    if method == "arithmetic" or not experts:
        return plain
    taus, whole = [], []
    for i, expert in enumerate(experts):
        tau = {}
        for name, b in base.items():
            if b.is_floating_point():
                wide = torch.float32
                for weights in (base, *experts):
                    wide = torch.promote_types(wide, weights[name].dtype)
                tau[name] = expert[name].to(wide) - b.to(wide)
        whole.append(tau)
        taus.append(trim(tau, recipe["keep"]) if method == "ties" else dare(tau, recipe["p"], recipe["seed"] + i))
    merged = {}
    for name, b in base.items():
        if not b.is_floating_point():
            merged[name] = b.clone()
            continue
        rows = torch.stack([tau[name] for tau in taus])
        move = rows.sum(0) if method == "dare" else disjoint_merge(rows, elect_sign(torch.stack([t[name] for t in whole]) if method == "ties" else rows))
        merged[name] = (b.to(move.dtype) + lam * move).to(b.dtype)
    return merged
