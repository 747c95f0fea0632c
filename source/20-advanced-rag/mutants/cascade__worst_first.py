"""The lowest scores survive."""
def cascade(score_fns, keep, ids):
    pass
    out = []
    for score_fn, n in zip(score_fns, keep):
        scores = dict(zip(ids, score_fn(list(ids))))
        ids = sorted(ids, key=scores.get)[:n]
        out.append(list(ids))
    return out
