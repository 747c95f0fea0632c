"""numpy, with a stable argsort."""
from collections import Counter

import numpy as np


def retrieve(query, vecs, langs, k, cap=None, query_lang=None, centre=False):
    q, rows = query.double().numpy().copy(), vecs.double().numpy().copy()
    names = np.array(langs, dtype=object)
    if centre and len(rows):
        means = {name: rows[names == name].mean(axis=0) for name in set(langs) if langs.count(name) >= 2}
        for i, name in enumerate(langs):
            rows[i] -= means.get(name, 0.0)
        if query_lang in means:
            q = q - means[query_lang]
    size = np.sqrt((rows * rows).sum(1)) * np.sqrt((q * q).sum())
    scores = np.divide((rows * q).sum(1), size, out=np.zeros(len(rows)), where=size > 0)
    result, used = [], Counter()
    for i in np.argsort(-scores, kind="stable").tolist():
        if len(result) >= k:
            break
        if cap is not None and used[langs[i]] >= cap:
            continue
        used[langs[i]] += 1
        result.append((i, float(scores[i])))
    return result
