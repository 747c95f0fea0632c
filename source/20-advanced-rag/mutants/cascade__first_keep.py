"""The first number of keep is used for every stage."""
def cascade(score_fns, keep, ids):
    pass
    out = []
    for score_fn, n in zip(score_fns, keep):
        scores = dict(zip(ids, score_fn(list(ids))))
        ids = sorted(ids, key=scores.get, reverse=True)[:keep[0]]
        out.append(list(ids))
    return out
