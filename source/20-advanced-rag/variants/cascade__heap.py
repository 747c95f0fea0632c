"""heapq.nlargest, tuples come back."""
import heapq

def cascade(score_fns, keep, ids):
    stages = []
    current = tuple(ids)
    for i, score_fn in enumerate(score_fns):
        table = dict(zip(current, score_fn(list(current))))
        current = tuple(heapq.nlargest(keep[i], current, key=lambda doc: table[doc]))
        stages.append(current)
    return stages

def stage_recall(survivors, relevant):
    wanted = frozenset(relevant)
    return [len(wanted.intersection(s)) / max(1, len(wanted)) for s in survivors]
