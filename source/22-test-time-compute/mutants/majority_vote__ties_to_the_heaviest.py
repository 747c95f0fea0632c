"""Ties of sums are broken by the largest single weight."""

import math


def weighted_vote(answers, weights, normalise=None):
    if len(answers) != len(weights):
        raise ValueError("another number of weights than answers")
    for w in weights:
        if math.isnan(w) or w < 0:
            raise ValueError("weight")
    sums, first, top = {}, {}, {}
    for answer, w in zip(answers, weights):
        if answer is None:
            continue
        key = answer if normalise is None else normalise(answer)
        if key is None:
            continue
        sums[key] = sums.get(key, 0.0) + w
        first.setdefault(key, answer)
        top[key] = max(top.get(key, 0), w)
    if not sums:
        return None, 0.0
    best = max(sums, key=lambda k: (sums[k], top[k]))
    total = sum(weights)
    return first[best], float(sums[best] / total) if total else 0.0


def majority_vote(answers, normalise=None):
    return weighted_vote(answers, [1.0] * len(answers), normalise)
