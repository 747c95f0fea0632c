"""Scores are compared in half precision."""
def cascade(score_fns, keep, ids):
    out, now = [], list(ids)
    for fn, n in zip(score_fns, keep):
        scores = fn(list(now))
        order = sorted(range(len(now)), key=lambda i: -float(__import__("numpy").float16(scores[i])))[:n]
        now = [now[i] for i in order]
        out.append(now)
    return out


def stage_recall(survivors, relevant):
    rel = set(relevant)
    return [len(rel & set(s)) / len(rel) if rel else 0.0 for s in survivors]
