"""The first score function gets the ids as they came, a tuple perhaps."""


def cascade(score_fns, keep, ids):
    current, out = ids, []
    for fn, n in zip(score_fns, keep):
        scores = list(fn(current))
        order = sorted(range(len(current)), key=lambda i: -float(scores[i]))[:n]
        current = [current[i] for i in order]
        out.append(list(current))
    return out
