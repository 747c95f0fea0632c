"""One question after the other, numpy where it is shorter."""

import numpy as np
import torch

Case = dict


def settle(claim: str, case: Case) -> tuple[float, bool]:
    says = case["says"]

    def get(*names):
        return [case[n] for n in names]
    limit = False
    if claim == "S14.2":
        right = np.prod([2.0, *get("layers", "kv_heads", "head_dim", "tokens", "batch", "size")])
    elif claim == "S14.1":
        right = case["late"] / case["early"]
    elif claim == "S14.12":
        right = case["heads"]
    elif claim == "S14.7":
        right = case["position"] / case["factor"]
    elif claim == "S10.2":
        right = np.sum(case["mixed"]) / np.sum(case["full"])
    elif claim == "S10.6":
        right = {1: 1.0, 2: 1.0, 3: 1.5}[case["stage"]]
    elif claim in ("S4.4", "S23.16"):
        right, limit = 1e-9 * weight_bytes(*get("params", "bits", "group", "kept")), claim == "S4.4"
    elif claim == "SU1.9":
        right = sum(case["alpha"] ** i for i in range(case["k"] + 1))
    elif claim == "S15.6":
        right = case["price"] / case["share"] + case["loss"] * (1 / case["share"] - 1)
    elif claim == "S27.12":
        false_alarm = 1 - case["specificity"]
        right = (case["observed"] - false_alarm) / (case["sensitivity"] - false_alarm)
    elif claim == "SU1.15":
        x = torch.tensor(case["values"], dtype=torch.float64)
        errors = []
        for b in get("bits", "other"):
            s = x.abs().amax() / (2 ** (b - 1) - 1)
            errors.append((x - fake_quant(x, s, b)).square().mean())
        right, limit = (errors[0] / errors[1]).item(), True
    elif claim == "SU2.2":
        right = np.exp(case["new"]) / np.exp(case["old"])
    elif claim == "S16.13":
        right = case["dense"] + case["experts"] * case["expert"]
    elif claim == "S17.10":
        right = len(case["f"]) * np.dot(case["f"], case["p"])
    elif claim == "S17.29":
        scores = np.array(case["scores"])
        chosen = np.argsort(-(scores + np.array(case["bias"])))[:case["k"]]
        right = scores[chosen[0]] / scores[chosen].sum()
    elif claim == "S18.10":
        right = np.prod([float(v) for v in get("vectors", "dim", "size")]) / 1e9
    elif claim == "S18.19":
        right, limit = np.quantile(np.array(case["stages"]).sum(axis=0), 0.99), True
    elif claim == "S19.2":
        right = average_precision(case["relevant"])
    elif claim == "S28.11":
        hit = np.array(case["similarity"]) >= case["threshold"]
        right, limit = (hit & ~np.array(case["same"], dtype=bool)).sum() / max(1, hit.sum()), True
    else:
        raise ValueError(claim)
    return right, right <= says if limit else abs(right - says) <= 0.02 * abs(right)
