"""Only documents in the query's language are found."""
import torch


def retrieve(query, vecs, langs, k, cap=None, query_lang=None, centre=False):
    query, vecs = query.double().clone(), vecs.double().clone()
    if centre:
        for lang in set(langs):
            rows = [i for i, other in enumerate(langs) if other == lang]
            if len(rows) > 1:
                middle = vecs[rows].mean(0)
                vecs[rows] -= middle
                if lang == query_lang:
                    query -= middle
    sizes = vecs.norm(dim=1) * query.norm()
    scores = torch.where(sizes > 0, vecs @ query / sizes.where(sizes > 0, 1.0), 0.0).tolist()
    out, taken = [], {}
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        if len(out) == k:
            break
        if query_lang is not None and query_lang in langs and langs[i] != query_lang:
            continue
        if cap is None or taken.get(langs[i], 0) < cap:
            taken[langs[i]] = taken.get(langs[i], 0) + 1
            out.append((i, scores[i]))
    return out
