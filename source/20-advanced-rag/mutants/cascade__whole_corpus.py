"""Every stage scores the whole corpus: what the first stage lost comes back, at full cost."""
def cascade(score_fns, keep, ids):
    everything = list(ids)
    out = []
    for score_fn, n in zip(score_fns, keep):
        scores = dict(zip(everything, score_fn(list(everything))))
        ids = sorted(everything, key=scores.get, reverse=True)[:n]
        out.append(list(ids))
    return out
