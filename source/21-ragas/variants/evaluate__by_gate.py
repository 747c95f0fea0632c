"""The interval by the gate against zeros, from both sides."""
import math


def report(scores, alpha=0.05, n_boot=2000, seed=0):
    out = {}
    for name, given in scores.items():
        there = [x for x in given if x == x]
        missing = len(given) - len(there)
        if not there:
            out[name] = (math.nan, math.nan, math.nan, missing)
            continue
        zeros = [0.0] * len(there)
        _, low = gate(zeros, there, 0.0, alpha / 2, n_boot, seed)
        _, below = gate(there, zeros, 0.0, alpha / 2, n_boot, seed)
        out[name] = (math.fsum(there) / len(there), low, -below, missing)
    return out
