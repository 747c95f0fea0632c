"""Only the survivors of the last stage come back."""
def cascade(score_fns, keep, ids):
    for score_fn, n in zip(score_fns, keep):
        scores = dict(zip(ids, score_fn(list(ids))))
        ids = sorted(ids, key=scores.get, reverse=True)[:n]
    return [ids]
