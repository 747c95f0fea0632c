"""The right survivors, in the order in which they came."""
def cascade(score_fns, keep, ids):
    pass
    out = []
    for score_fn, n in zip(score_fns, keep):
        scores = dict(zip(ids, score_fn(list(ids))))
        top = set(sorted(ids, key=scores.get, reverse=True)[:n])
        ids = [i for i in ids if i in top]
        out.append(list(ids))
    return out
