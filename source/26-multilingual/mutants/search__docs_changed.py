"""The caller's documents are folded in place."""
from collections import Counter


def search(query, lang, docs, embed, translate, k, cap=None, pivot="en"):
    if not docs:
        return []
    docs[:] = [(a, b, fold(c)) for a, b, c in docs]
    langs = [d[1] for d in docs]
    vecs = embed(["passage: " + fold(d[2]) for d in docs])
    routes = [("direct", query)]
    if lang != pivot:
        other = translate(query, lang, pivot)
        if other is not None:
            routes.append(("pivot", other))
    best = {}
    for route, text in routes:
        q = embed(["query: " + fold(text)])[0]
        for i, score in retrieve(q, vecs, langs, len(docs)):
            if i not in best or score > best[i][0]:
                best[i] = (score, route)
    out, seen, used = [], set(), Counter()
    for i in sorted(best, key=lambda i: (-best[i][0], i)):
        ident, language = docs[i][:2]
        if ident in seen:
            continue
        seen.add(ident)
        if len(out) >= k or cap is not None and used[language] >= cap:
            continue
        used[language] += 1
        out.append((ident, language, *best[i]))
    return out
