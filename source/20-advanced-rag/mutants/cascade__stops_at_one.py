"""Stops when one candidate is left: fewer stages come back."""
def cascade(score_fns, keep, ids):
    out, now = [], list(ids)
    for fn, n in zip(score_fns, keep):
        if len(now) == 1 and out:
            break
        scores = fn(list(now))
        order = sorted(range(len(now)), key=lambda i: -scores[i])[:n]
        now = [now[i] for i in order]
        out.append(now)
    return out


def stage_recall(survivors, relevant):
    rel = set(relevant)
    return [len(rel & set(s)) / len(rel) if rel else 0.0 for s in survivors]
