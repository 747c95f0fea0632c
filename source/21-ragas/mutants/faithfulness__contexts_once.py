"""A chunk that was retrieved twice stands in the premise once."""
import math


def faithfulness(answer, contexts, split, judge):
    statements = [s.strip() for s in split(answer)]
    statements = [s for s in statements if s]
    if not statements:
        return math.nan
    if not contexts:
        return 0.0
    verdicts = judge("\n".join(dict.fromkeys(contexts)), statements)
    if len(verdicts) != len(statements):
        raise ValueError("verdicts")
    return sum(map(int, verdicts)) / len(statements)


def context_recall(reference, contexts, split, judge):
    return faithfulness(reference, contexts, split, judge)
