"""Every stage scores the whole corpus and filters afterwards: right answer, full cost."""
def cascade(score_fns, keep, ids):
    everything = list(ids)
    out = []
    for score_fn, n in zip(score_fns, keep):
        scores = dict(zip(everything, score_fn(list(everything))))
        ids = sorted(ids, key=scores.get, reverse=True)[:n]
        out.append(list(ids))
    return out
