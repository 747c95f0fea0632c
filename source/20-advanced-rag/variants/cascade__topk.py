"""numpy argsort on the scores; equal scores fall in another order."""
import numpy as np

def cascade(score_fns, keep, ids):
    ids, stages = np.array(ids), []
    for score_fn, n in zip(score_fns, keep):
        scores = np.asarray(score_fn(ids.tolist()), dtype=float)
        ids = ids[np.argsort(scores)[::-1][:n]]
        stages.append(ids.tolist())
    return stages
