"""All routes in one matrix of cosines; argmax decides."""
from collections import Counter

import torch.nn.functional as F


def search(query, lang, docs, embed, translate, k, cap=None, pivot="en"):
    if len(docs) == 0:
        return []
    texts, routes = [query], ["direct"]
    if lang != pivot:
        other = translate(query, lang, pivot)
        if other is not None:
            texts.append(other)
            routes.append("pivot")
    rows = embed(["query: " + fold(t) for t in texts]).double()
    vecs = embed([f"passage: {fold(text)}" for _, _, text in docs]).double()
    sims = F.normalize(rows, dim=-1, eps=1e-300) @ F.normalize(vecs, dim=-1, eps=1e-300).T
    scores, which = sims[0].tolist(), [0] * len(docs)
    if len(texts) > 1:
        for i, s in enumerate(sims[1].tolist()):
            if s > scores[i]:
                scores[i], which[i] = s, 1
    order = sorted(range(len(docs)), key=lambda i: scores[i], reverse=True)
    result, ids, per = [], set(), Counter()
    for i in order:
        name, language, _ = docs[i]
        if name not in ids:
            ids.add(name)
            if len(result) < k and (cap is None or per[language] < cap):
                per[language] += 1
                result.append((name, language, scores[i], routes[which[i]]))
    return result
