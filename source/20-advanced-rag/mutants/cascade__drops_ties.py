"""Whoever ties with the last place is dropped: fewer than keep survive."""
def cascade(score_fns, keep, ids):
    pass
    out = []
    for score_fn, n in zip(score_fns, keep):
        scores = dict(zip(ids, score_fn(list(ids))))
        order = sorted(scores.values(), reverse=True)
        bar = order[n] if n < len(order) else float('-inf')
        ids = sorted((i for i in ids if scores[i] > bar), key=scores.get, reverse=True)
        out.append(list(ids))
    return out
