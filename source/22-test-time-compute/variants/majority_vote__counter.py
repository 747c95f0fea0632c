"""A Counter, which keeps the order of first occurrence."""
import math
from collections import Counter


def majority_vote(answers: list, normalise=None) -> tuple:
    pairs = [(a if normalise is None else normalise(a), a) for a in answers if a is not None]
    pairs = [(k, a) for k, a in pairs if k is not None]
    if not pairs:
        return None, 0.0
    key, count = Counter(k for k, _ in pairs).most_common(1)[0]
    return next(a for k, a in pairs if k == key), count / len(answers)


def weighted_vote(answers: list, weights: list[float], normalise=None) -> tuple:
    if len(answers) != len(weights) or any(not w >= 0 for w in weights):
        raise ValueError("one weight for each answer, not negative")
    sums, first = Counter(), {}
    for answer, weight in zip(answers, weights):
        if answer is None:
            continue
        key = normalise(answer) if normalise else answer
        if key is None:
            continue
        sums[key] += weight
        if key not in first:
            first[key] = answer
    if not sums:
        return None, 0.0
    key = sums.most_common(1)[0][0]
    total = math.fsum(weights)
    return first[key], float(sums[key]) / total if total > 0 else 0.0
