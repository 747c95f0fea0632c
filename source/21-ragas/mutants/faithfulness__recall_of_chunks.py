"""Context recall by chunks: the share of contexts that support something."""
import math


def context_recall(reference, contexts, split, judge):
    statements = [s.strip() for s in split(reference) if s.strip()]
    if not statements:
        return math.nan
    if not contexts:
        return 0.0
    return sum(any(judge(c, statements)) for c in contexts) / len(contexts)
