"""Rows are counted in 16 bits."""

import math

import torch


def report(miss_log, pass_log, prevalence):
    bypass, caught, fpr = math.exp(miss_log), -math.expm1(miss_log), -math.expm1(pass_log)
    hits, false = prevalence * caught, (1 - prevalence) * fpr
    return bypass, fpr + 0.0, hits / (hits + false) if hits + false > 0 else math.nan


def layer_report(tpr, fpr, prevalence):
    if len(tpr) != len(fpr) or not all(0 <= r <= 1 for r in [*tpr, *fpr, prevalence]):
        raise ValueError("rates")
    log = lambda rates: sum(math.log1p(-r) if r < 1 else -math.inf for r in rates)
    return report(log(tpr), log(fpr), prevalence)


def measured_report(caught, flagged, prevalence):
    if caught.shape[1] != flagged.shape[1] or not len(caught) or not len(flagged) or not 0 <= prevalence <= 1:
        raise ValueError("shapes")
    c = int(caught.any(1).sum()) / len(caught)
    f = int(flagged.any(1).sum(dtype=torch.int16)) / len(flagged)
    hits, false = prevalence * c, (1 - prevalence) * f
    return 1 - c, f, hits / (hits + false) if hits + false > 0 else math.nan
