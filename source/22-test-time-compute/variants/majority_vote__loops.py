"""Lists, one pass for each key."""
import math


def weighted_vote(answers: list, weights: list[float], normalise=None) -> tuple:
    if len(answers) != len(weights):
        raise ValueError("lengths differ")
    if any(math.isnan(w) or w < 0 for w in weights):
        raise ValueError("weights are not negative")
    keys = []
    for a in answers:
        keys.append(None if a is None else a if normalise is None else normalise(a))
    best, best_sum = None, -1.0
    for i, key in enumerate(keys):
        if key is None or key in keys[:i]:
            continue
        own = sum(w for k, w in zip(keys, weights) if k == key)
        if own > best_sum:
            best, best_sum = i, own
    if best is None:
        return None, 0.0
    total = sum(weights)
    return answers[best], 0.0 if total == 0 else best_sum / total


def majority_vote(answers: list, normalise=None) -> tuple:
    return weighted_vote(answers, [1.0 for _ in answers], normalise)
