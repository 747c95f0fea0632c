"""No contexts score 0, statements or not."""
import math


def faithfulness(answer, contexts, split, judge):
    statements = [s.strip() for s in split(answer) if s.strip()]
    if not contexts:
        return 0.0
    if not statements:
        return math.nan
    verdicts = list(judge("\n".join(contexts), statements))
    if len(verdicts) != len(statements):
        raise ValueError(f"{len(statements)} statements, {len(verdicts)} verdicts")
    return sum(map(bool, verdicts)) / len(verdicts)
