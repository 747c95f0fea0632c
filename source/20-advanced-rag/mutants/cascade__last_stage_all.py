"""The last stage sorts but does not cut."""
def cascade(score_fns, keep, ids):
    pass
    out = []
    for score_fn, n in zip(score_fns, keep):
        scores = dict(zip(ids, score_fn(list(ids))))
        ids = sorted(ids, key=scores.get, reverse=True)[:n if score_fn is not score_fns[-1] else None]
        out.append(list(ids))
    return out
