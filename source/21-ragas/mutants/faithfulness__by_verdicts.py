"""Divided by as many verdicts as came back."""
import math


def faithfulness(answer, contexts, split, judge):
    statements = [s.strip() for s in split(answer) if s.strip()]
    if not statements:
        return math.nan
    if not contexts:
        return 0.0
    verdicts = list(judge("\n".join(contexts), statements))
    return sum(map(bool, verdicts)) / len(verdicts)
