"""The judge is asked chunk by chunk; one that supports is enough."""
import math


def faithfulness(answer, contexts, split, judge):
    statements = [s.strip() for s in split(answer) if s.strip()]
    if not statements:
        return math.nan
    if not contexts:
        return 0.0
    verdicts = [max(column) for column in zip(*(judge(c, statements) for c in contexts))]
    if len(verdicts) != len(statements):
        raise ValueError(f"{len(statements)} statements, {len(verdicts)} verdicts")
    return sum(map(bool, verdicts)) / len(verdicts)
