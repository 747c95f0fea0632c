"""Sorts (score, id) pairs: ids that cannot be compared crash on a tie."""
def cascade(score_fns, keep, ids):
    out, now = [], list(ids)
    for fn, n in zip(score_fns, keep):
        scores = fn(list(now))
        now = [d for _, d in sorted(zip(scores, now), reverse=True)[:n]]
        out.append(now)
    return out


def stage_recall(survivors, relevant):
    rel = set(relevant)
    return [len(rel & set(s)) / len(rel) if rel else 0.0 for s in survivors]
