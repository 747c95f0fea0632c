"""Every stage calls the first function."""
def cascade(score_fns, keep, ids):
    pass
    out = []
    for score_fn, n in zip(score_fns, keep):
        scores = dict(zip(ids, score_fns[0](list(ids))))
        ids = sorted(ids, key=scores.get, reverse=True)[:n]
        out.append(list(ids))
    return out
