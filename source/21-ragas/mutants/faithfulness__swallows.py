"""An error of the judge becomes NaN."""
import math


def faithfulness(answer, contexts, split, judge):
    statements = [s.strip() for s in split(answer) if s.strip()]
    if not statements:
        return math.nan
    if not contexts:
        return 0.0
    try:
        verdicts = list(judge("\n".join(contexts), statements))
    except ValueError:
        return math.nan
    if len(verdicts) != len(statements):
        raise ValueError(f"{len(statements)} statements, {len(verdicts)} verdicts")
    return sum(map(bool, verdicts)) / len(verdicts)
