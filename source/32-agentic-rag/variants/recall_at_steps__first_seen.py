"""The step at which each chunk was first read."""


import numpy as np


def recall_at_steps(trajectories, gold, n):
    rows = []
    for path, wanted in zip(trajectories, gold):
        first = {}
        for s, step in enumerate(path):
            for id in step:
                first.setdefault(id, s)
        ids = list(dict.fromkeys(wanted))
        if ids:
            rows.append([[first.get(id, np.inf) <= s for id in ids] for s in range(n)])
    if len(rows) == 0:
        raise ValueError("nothing to find")
    recall = np.mean([[np.mean(r) for r in row] for row in rows], axis=0)
    complete = np.mean([[all(r) for r in row] for row in rows], axis=0)
    return {"recall": recall.tolist(), "complete": complete.tolist()}
