"""normalise is applied to text only."""
def majority_vote(answers, normalise=None):
    return weighted_vote(answers, [1.0] * len(answers), normalise)


def weighted_vote(answers, weights, normalise=None):
    if len(weights) != len(answers) or not all(w >= 0 for w in weights):
        raise ValueError("one weight of 0 or more for each answer")
    sums, first = {}, {}
    for a, w in zip(answers, weights):
        if a is None:
            continue
        key = a if normalise is None or not isinstance(a, str) else normalise(a)
        if key is None:
            continue
        sums[key] = sums.get(key, 0.0) + w
        first.setdefault(key, a)
    if not sums:
        return None, 0.0
    total = sum(weights)
    best = max(sums, key=sums.get)
    return first[best], float(sums[best] / total) if total > 0 else 0.0
