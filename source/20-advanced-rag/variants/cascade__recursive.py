"""Recursion over the stages."""
def cascade(score_fns, keep, ids):
    if not score_fns:
        return []
    scores = score_fns[0](list(ids))
    ranked = [doc for _, doc in sorted(zip(scores, ids), key=lambda pair: -pair[0])]
    best = ranked[:keep[0]]
    return [best] + cascade(score_fns[1:], keep[1:], best)

def stage_recall(survivors, relevant):
    found = []
    for stage in survivors:
        hits = sum(1 for doc in relevant if doc in stage)
        found.append(hits / len(relevant) if len(relevant) else 0.0)
    return found
