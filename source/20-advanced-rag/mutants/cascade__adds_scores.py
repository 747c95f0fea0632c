"""Scores of all stages so far are added up."""
def cascade(score_fns, keep, ids):
    total = {}
    out = []
    for score_fn, n in zip(score_fns, keep):
        for i, s in zip(ids, score_fn(list(ids))):
            total[i] = total.get(i, 0.0) + s
        ids = sorted(ids, key=total.get, reverse=True)[:n]
        out.append(list(ids))
    return out
