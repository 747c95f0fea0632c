"""Every document embedded by itself; both routes as dictionaries."""
import torch


def search(query, lang, docs, embed, translate, k, cap=None, pivot="en"):
    if not docs:
        return []
    vecs = torch.cat([embed(["passage: " + fold(text)]) for _, _, text in docs])
    langs = [d[1] for d in docs]
    direct = dict(retrieve(embed(["query: " + fold(query)])[0], vecs, langs, len(docs)))
    other = {}
    translated = None if lang == pivot else translate(query, lang, pivot)
    if translated is not None:
        other = dict(retrieve(embed(["query: " + fold(translated)])[0], vecs, langs, len(docs)))
    merged = [(max(s, other.get(i, s)), i, "pivot" if other.get(i, s) > s else "direct") for i, s in direct.items()]
    merged.sort(key=lambda t: (-t[0], t[1]))
    first = {}
    for score, i, route in merged:
        first.setdefault(docs[i][0], (docs[i][0], docs[i][1], score, route))
    out = []
    for row in first.values():
        if len(out) < k and (cap is None or sum(o[1] == row[1] for o in out) < cap):
            out.append(row)
    return out
