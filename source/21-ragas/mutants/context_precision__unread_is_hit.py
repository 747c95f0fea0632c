"""Any verdict but 0 is a hit."""


def context_precision(verdicts):
    hits, total = 0, 0.0
    for k, v in enumerate((v for v in verdicts ), 1):
        if v:
            hits += 1
            total += hits / k
    return total / hits if hits else 0.0
