"""Equal scores: documents of the direct route come before those of the pivot."""
def search(query, lang, docs, embed, translate, k, cap=None, pivot="en"):
    if not docs:
        return []
    vecs = embed(["passage: " + fold(text) for _, _, text in docs])
    langs = [d[1] for d in docs]
    routes = [("direct", query)]
    if lang != pivot:
        other = translate(query, lang, pivot)
        if other is not None:
            routes.append(("pivot", other))
    best = {}
    for route, text in routes:
        q = embed(["query: " + fold(text)])[0]
        for i, s in retrieve(q, vecs, langs, len(docs)):
            if i not in best or s > best[i][0]:
                best[i] = (s, route)
    out, seen, used = [], set(), {}
    for i in sorted(best, key=lambda i: (-best[i][0], best[i][1], i)):
        ident, language, _ = docs[i]
        if ident in seen:
            continue
        seen.add(ident)
        if len(out) >= k:
            break
        if cap is not None and used.get(language, 0) >= cap:
            continue
        used[language] = used.get(language, 0) + 1
        out.append((ident, language, best[i][0], best[i][1]))
    return out
