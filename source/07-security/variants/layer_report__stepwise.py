"""1 - (1 - a)(1 - b) = a + b - ab, layer by layer, in floats."""
import math


def layer_report(tpr, fpr, prevalence):
    if len(tpr) != len(fpr):
        raise ValueError("lengths")
    for x in list(tpr) + list(fpr) + [prevalence]:
        if x < 0 or x > 1:
            raise ValueError("a rate is between 0 and 1")
    bypass, hit, alarm = 1.0, 0.0, 0.0
    for a, b in zip(tpr, fpr):
        bypass *= 1 - a
        hit += a * (1 - hit)
        alarm += b * (1 - alarm)
    flagged = prevalence * hit + (1 - prevalence) * alarm
    return bypass, float(alarm), prevalence * hit / flagged if flagged else math.nan


def measured_report(caught, flagged, prevalence):
    if caught.shape[1] != flagged.shape[1] or 0 in (caught.shape[0], flagged.shape[0]) or not 0 <= prevalence <= 1:
        raise ValueError("shapes")
    hit = caught.any(dim=1).double().mean().item()
    alarm = flagged.any(dim=1).double().mean().item()
    both = prevalence * hit + (1 - prevalence) * alarm
    return (~caught).all(dim=1).double().mean().item(), alarm, prevalence * hit / both if both > 0 else float("nan")
