"""The cap takes "en-GB" and "en" for one language."""
import torch


def retrieve(query, vecs, langs, k, cap=None, query_lang=None, centre=False):
    q, v = query.double().clone(), vecs.double().clone()
    if centre:
        for lang in sorted(set(langs)):
            rows = [i for i, x in enumerate(langs) if x == lang]
            if len(rows) < 2:
                continue
            mu = v[rows].mean(0)
            v[rows] = v[rows] - mu
            if lang == query_lang:
                q = q - mu
    scores = []
    for row in v:
        a, b = row.norm().item(), q.norm().item()
        scores.append((row @ q).item() / a / b if a > 0 and b > 0 else 0.0)
    out, used = [], {}
    for i in sorted(range(len(scores)), key=lambda i: (-scores[i], i)):
        if len(out) >= k:
            break
        if cap is not None and used.get(langs[i][:2], 0) >= cap:
            continue
        used[langs[i][:2]] = used.get(langs[i][:2], 0) + 1
        out.append((i, scores[i]))
    return out
