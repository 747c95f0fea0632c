"""Loops, and one try for each reply."""
import math

import numpy as np


def evaluate(samples, split, judge, useful):
    scores = {"faithfulness": [], "context_recall": [], "context_precision": []}
    for s in samples:
        for name, metric, text in [("faithfulness", faithfulness, s["answer"]), ("context_recall", context_recall, s["reference"])]:
            try:
                value = metric(text, s["contexts"], split, judge)
            except ValueError:
                value = float("nan")
            scores[name].append(value)
        verdicts = []
        for chunk in s["contexts"]:
            try:
                verdicts.append(1 if useful(s["question"], chunk, s["reference"]) else 0)
            except ValueError:
                verdicts.append(-1)
        scores["context_precision"].append(context_precision(verdicts))
    return scores


def report(scores, alpha=0.05, n_boot=2000, seed=0):
    out = {}
    for name in scores:
        x = np.array(scores[name], dtype=float)
        there, missing = x[~np.isnan(x)], int(np.isnan(x).sum())
        if there.size == 0:
            out[name] = (math.nan, math.nan, math.nan, missing)
            continue
        draws = np.random.default_rng(seed).choice(there, (n_boot, there.size)).mean(1)
        low, high = np.percentile(draws, [50 * alpha, 100 - 50 * alpha])
        out[name] = (there.mean(), low, high, missing)
    return out


def release(old, new, limits, alpha=0.05, n_boot=2000, seed=0):
    verdicts = {}
    for name in limits:
        verdicts[name] = False
        if name in old and name in new:
            try:
                verdicts[name] = gate(old[name], new[name], limits[name], alpha=alpha, n_boot=n_boot, seed=seed)[0]
            except ValueError:
                pass
    verdicts["release"] = len(limits) > 0 and all(verdicts[name] for name in limits)
    return verdicts
