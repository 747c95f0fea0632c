"""SciPy, where it is there."""


def mcnemar_exact(a, b):
    from scipy.stats import binomtest
    if len(a) != len(b):
        raise ValueError("lengths")
    only_a = sum(1 for p, q in zip(a, b) if p and not q)
    only_b = sum(1 for p, q in zip(a, b) if q and not p)
    p = 1.0 if only_a + only_b == 0 else float(binomtest(only_a, only_a + only_b).pvalue)
    return only_a, only_b, p
