"""Means by numpy; zip strict notices a verdict too few."""
import math

import numpy as np


def context_recall(reference, contexts, split, judge):
    statements = list(filter(None, map(str.strip, split(reference))))
    if not statements:
        return math.nan
    if len(contexts) < 1:
        return 0.0
    pairs = list(zip(statements, judge(str.join("\n", contexts), statements), strict=True))
    return float(np.mean([bool(v) for _, v in pairs]))


def faithfulness(answer, contexts, split, judge):
    return context_recall(answer, contexts, split, judge)
