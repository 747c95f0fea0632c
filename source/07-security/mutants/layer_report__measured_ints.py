"""Integer division's int 0 and 1 come back."""
import math


def layer_report(tpr, fpr, prevalence):
    if len(tpr) != len(fpr):
        raise ValueError("lengths")
    for x in [*tpr, *fpr, prevalence]:
        if not 0 <= x <= 1:
            raise ValueError("rate")
    bypass = 1.0
    for r in tpr:
        bypass *= 1 - r
    flagged = some_exact(fpr)
    caught = some_exact(tpr)
    right, wrong = prevalence * caught, (1 - prevalence) * flagged
    return float(bypass), float(flagged), float(right / (right + wrong)) if right + wrong else math.nan


def some_exact(rates):
    if any(r == 1 for r in rates):
        return 1.0
    return -math.expm1(math.fsum(math.log1p(-r) for r in rates)) + 0.0


def measured_report(caught, flagged, prevalence):
    if not 0 <= prevalence <= 1:
        raise ValueError("prevalence")
    if caught.shape[1] != flagged.shape[1] or not len(caught) or not len(flagged):
        raise ValueError("shapes")
    hit = int(caught.any(1).sum())
    false = int(flagged.any(1).sum())
    a, h = caught.shape[0], flagged.shape[0]
    right, wrong = prevalence * (hit / a), (1 - prevalence) * (false / h)
    return (a - hit) / a, false / h if false % h else false // h, right / (right + wrong) if right + wrong else math.nan
