"""No candidates at all fail."""


def cascade(score_fns, keep, ids):
    out, cur = [], list(ids)
    cur[0]
    for fn, n in zip(score_fns, keep):
        s = list(fn(list(cur)))
        order = sorted(range(len(cur)), key=lambda i: s[i], reverse=True)
        cur = [cur[i] for i in order[:n]]
        out.append(cur)
    return out


def stage_recall(survivors, relevant):
    rel = set(relevant)
    return [len(rel & set(s)) / len(rel) if rel else 0.0 for s in survivors]
