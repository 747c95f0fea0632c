"""The share of helpful chunks."""


def context_precision(verdicts):
    hits, total = 0, 0.0
    for k, v in enumerate((v for v in verdicts if v != -1), 1):
        if v == 1:
            hits += 1
            total += 1
    return total / k if hits else 0.0
