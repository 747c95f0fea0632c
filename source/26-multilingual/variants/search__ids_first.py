"""Best version of each id first, then the cap."""
import torch


def search(query, lang, docs, embed, translate, k, cap=None, pivot="en"):
    if not docs or k <= 0:
        if docs and lang != pivot:
            translate(query, lang, pivot)
        return []
    n, langs = len(docs), [d[1] for d in docs]
    vecs = torch.stack([embed(["passage: " + fold(d[2])])[0] for d in docs])
    direct = dict(retrieve(embed(["query: " + fold(query)])[0], vecs, langs, n))
    other = translate(query, lang, pivot) if lang != pivot else None
    bridge = dict(retrieve(embed(["query: " + fold(other)])[0], vecs, langs, n)) if other is not None else {}
    score = [max(direct[i], bridge.get(i, -9.0)) for i in range(n)]
    first = {}
    for i in range(n):
        name = docs[i][0]
        if name not in first or score[i] > score[first[name]]:
            first[name] = i
    out = []
    for i in sorted(first.values(), key=lambda i: (-score[i], i)):
        if cap is None or sum(r[1] == langs[i] for r in out) < cap:
            out.append((docs[i][0], langs[i], score[i], "direct" if direct[i] >= score[i] else "pivot"))
    return out[:k]
