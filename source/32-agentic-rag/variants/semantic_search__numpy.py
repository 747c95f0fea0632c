"""Grouped by numpy."""


import numpy as np
import torch


def semantic_search(query, vectors, parents, k):
    wide = torch.promote_types(vectors.dtype, torch.float32)
    scores = (vectors.to(wide) @ query.to(wide)).numpy()
    names, group = np.unique(np.array(list(parents), dtype=str), return_inverse=True)
    order = np.lexsort((np.arange(len(scores)), -scores, group)) if len(scores) else np.zeros(0, dtype=int)
    first = order[np.unique(group[order], return_index=True)[1]] if len(scores) else order
    best = sorted(first.tolist(), key=lambda i: (-scores[i], parents[i]))[:k]
    return [(parents[i], float(scores[i]), i) for i in best]
