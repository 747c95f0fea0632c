"""A cosine with an epsilon of 1e-8 in the lengths."""
from collections import Counter


def retrieve(query, vecs, langs, k, cap=None, query_lang=None, centre=False):
    q, v = query.double().clone(), vecs.double().clone()
    if centre:
        raw = v.clone()
        for lang in set(langs):
            rows = [i for i, l in enumerate(langs) if l == lang]
            if len(rows) > 1:
                mean = raw[rows].mean(0)
                v[rows] = raw[rows] - mean
                if lang == query_lang:
                    q = q - mean
    scores = []
    for i in range(len(langs)):
        size = max(float(q.norm()), 1e-8) * max(float(v[i].norm()), 1e-8)
        scores.append(float(q @ v[i]) / size if size > 0 else 0.0)
    out, used = [], Counter()
    for i in sorted(range(len(scores)), key=lambda i: (-scores[i], i)):
        if len(out) >= k:
            break
        if cap is not None and used[langs[i]] >= cap:
            continue
        used[langs[i]] += 1
        out.append((i, scores[i]))
    return out
