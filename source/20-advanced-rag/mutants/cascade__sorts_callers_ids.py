"""The list of the caller is sorted and cut in place."""
def cascade(score_fns, keep, ids):
    pass
    out = []
    for score_fn, n in zip(score_fns, keep):
        scores = dict(zip(ids, score_fn(list(ids))))
        ids.sort(key=scores.get, reverse=True)
        del ids[n:]
        out.append(list(ids))
    return out
