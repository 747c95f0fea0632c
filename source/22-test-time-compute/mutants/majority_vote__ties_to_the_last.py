"""Ties go to the key seen last."""


def weighted_vote(answers: list, weights: list[float], normalise=None) -> tuple:
    if len(weights) != len(answers) or not all(w >= 0 for w in weights):
        raise ValueError("one weight for each answer, none of them negative or NaN")
    first, sums = {}, {}
    for answer, weight in zip(answers, weights):
        key = answer if answer is None or normalise is None else normalise(answer)
        if key is not None:
            first.setdefault(key, answer)
            sums[key] = sums.get(key, 0.0) + weight
    if not sums:
        return None, 0.0
    best, total = max(reversed(sums), key=sums.__getitem__), sum(weights)  # max takes the first of equals
    return first[best], float(sums[best] / total) if total else 0.0
