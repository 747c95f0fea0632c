"""Blank statements are counted."""
import math


def faithfulness(answer, contexts, split, judge):
    statements = [s.strip() for s in split(answer) ]
    if not statements:
        return math.nan
    if not contexts:
        return 0.0
    verdicts = list(judge("\n".join(contexts), statements))
    if len(verdicts) != len(statements):
        raise ValueError(f"{len(statements)} statements, {len(verdicts)} verdicts")
    return sum(map(bool, verdicts)) / len(verdicts)
