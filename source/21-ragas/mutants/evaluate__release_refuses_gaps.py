"""A metric of which new lacks a score fails at once, whatever old had there."""
import math

import numpy as np


def evaluate(samples, split, judge, useful):
    out = {"faithfulness": [], "context_recall": [], "context_precision": []}
    for s in samples:
        try:
            f = faithfulness(s["answer"], s["contexts"], split, judge)
        except ValueError:
            f = math.nan
        try:
            r = context_recall(s["reference"], s["contexts"], split, judge)
        except ValueError:
            r = math.nan
        verdicts = []
        for c in s["contexts"]:
            try:
                verdicts.append(int(useful(s["question"], c, s["reference"])))
            except ValueError:
                verdicts.append(-1)
        out["faithfulness"].append(f)
        out["context_recall"].append(r)
        out["context_precision"].append(context_precision(verdicts))
    return out


def report(scores, alpha=0.05, n_boot=2000, seed=0):
    out = {}
    for metric, values in scores.items():
        there = np.array([x for x in values if not math.isnan(x)], dtype=float)
        missing = len(values) - len(there)
        if not len(there):
            out[metric] = (math.nan, math.nan, math.nan, missing)
            continue
        rng = np.random.default_rng(seed)
        means = there[rng.integers(0, len(there), (n_boot, len(there)))].mean(1)
        low, high = np.quantile(means, [alpha / 2, 1 - alpha / 2])
        out[metric] = (float(there.mean()), float(low), float(high), missing)
    return out


def release(old, new, limits, alpha=0.05, n_boot=2000, seed=0):
    out = {}
    for metric, drop in limits.items():
        try:
            if any(x != x for x in new.get(metric, [])):
                out[metric] = False
                continue
            out[metric] = metric in old and metric in new and gate(old[metric], new[metric], drop, alpha, n_boot, seed)[0]
        except ValueError:
            out[metric] = False
    out["release"] = bool(limits) and all(out[metric] for metric in limits)
    return out
