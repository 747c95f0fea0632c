"""Exact fractions, and rows in a loop."""


from fractions import Fraction


def three(missed, clean, prevalence):
    hit = Fraction(prevalence) * (1 - missed)
    alarm = (1 - Fraction(prevalence)) * (1 - clean)
    return float(missed), float(1 - clean), float(hit / (hit + alarm)) if hit + alarm else float("nan")


def layer_report(tpr, fpr, prevalence):
    if len(tpr) != len(fpr) or min([*tpr, *fpr, prevalence]) < 0 or max([*tpr, *fpr, prevalence]) > 1:
        raise ValueError("rates")
    missed = clean = Fraction(1)
    for a, b in zip(tpr, fpr):
        missed *= 1 - Fraction(a)
        clean *= 1 - Fraction(b)
    return three(missed, clean, prevalence)


def measured_report(caught, flagged, prevalence):
    if caught.shape[1] != flagged.shape[1] or caught.shape[0] == 0 or flagged.shape[0] == 0 or not 0 <= prevalence <= 1:
        raise ValueError("shapes")
    missed = sum(not any(row) for row in caught.tolist())
    clean = sum(not any(row) for row in flagged.tolist())
    return three(Fraction(missed, len(caught)), Fraction(clean, len(flagged)), prevalence)
