"""The case's similarities are sorted in place, and lose their partners."""

import math

import numpy as np
import torch

Case = dict


def settle(claim: str, case: Case) -> tuple[float, bool]:
    c = case

    def error(bits):
        x = torch.tensor(c["values"], dtype=torch.float64)
        return float(((x - fake_quant(x, x.abs().max() / (2 ** (bits - 1) - 1), bits)) ** 2).sum())

    def first_weight():
        order = sorted(range(len(c["scores"])), key=lambda i: -(c["scores"][i] + c["bias"][i]))[:c["k"]]
        return c["scores"][order[0]] / sum(c["scores"][i] for i in order)

    def false_hits():
        c["similarity"].sort(reverse=True)
        hits = [same for s, same in zip(c["similarity"], c["same"]) if s >= c["threshold"]]
        return hits.count(False) / len(hits) if hits else 0.0
    answers = {
        "S14.2": lambda: kv_cache_bytes(c["layers"], c["kv_heads"], c["head_dim"], c["tokens"], c["batch"], c["size"]),
        "S14.1": lambda: kv_cache_bytes(1, 1, 1, c["late"]) / kv_cache_bytes(1, 1, 1, c["early"]),
        "S14.12": lambda: kv_cache_bytes(1, c["heads"], 1, 1) / kv_cache_bytes(1, 1, 1, 1),
        "S14.7": lambda: c["position"] / c["factor"],
        "S10.2": lambda: sum(c["mixed"]) / sum(c["full"]), "S10.6": lambda: zero_traffic(c["stage"]) / zero_traffic(1),
        "S23.16": lambda: weight_bytes(c["params"], c["bits"], c["group"], c["kept"]) / 1e9,
        "SU1.9": lambda: speculative_tokens(c["alpha"], c["k"]),
        "S15.6": lambda: (c["price"] + (1 - c["share"]) * c["loss"]) / c["share"],
        "S27.12": lambda: (c["observed"] + c["specificity"] - 1) / (c["sensitivity"] + c["specificity"] - 1),
        "SU1.15": lambda: error(c["bits"]) / error(c["other"]),
        "SU2.2": lambda: math.exp(c["new"] - c["old"]),
        "S16.13": lambda: c["dense"] + c["expert"] * c["experts"],
        "S17.10": lambda: len(c["f"]) * sum(f * p for f, p in zip(c["f"], c["p"])),
        "S17.29": first_weight,
        "S18.10": lambda: c["vectors"] * c["dim"] * c["size"] / 1e9,
        "S18.19": lambda: float(np.quantile(np.sum(c["stages"], 0), 0.99)),
        "S19.2": lambda: average_precision(c["relevant"]),
        "S28.11": false_hits,
    }
    answers["S4.4"] = answers["S23.16"]
    if claim not in answers:
        raise ValueError(f"no claim {claim!r}")
    right = answers[claim]()
    if claim in ("S4.4", "SU1.15", "S18.19", "S28.11"):
        return right, bool(right <= c["says"])
    return right, bool(abs(c["says"] - right) <= 0.02 * abs(right))
