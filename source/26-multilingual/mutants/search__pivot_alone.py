"""Where there is a translation, the query itself is not searched."""


def search(query, lang, docs, embed, translate, k, cap=None, pivot='en'):
    if not docs:
        return []
    queries = [("direct", query)]
    if lang != pivot:
        translated = translate(query, lang, pivot)
        if translated is not None:
            queries = [("pivot", translated)]
    vecs = embed(["passage: " + fold(text) for _, _, text in docs])
    best = {}
    for route, text in queries:
        row = embed(["query: " + fold(text)])[0]
        for i, score in retrieve(row, vecs, [language for _, language, _ in docs], len(docs)):
            if i not in best or score > best[i][0]:
                best[i] = score, route
    out, seen, taken = [], set(), {}
    for i in sorted(best, key=lambda i: (-best[i][0], i)):
        name, language, _ = docs[i]
        if name in seen or len(out) == k:
            continue
        seen.add(name)
        if cap is None or taken.get(language, 0) < cap:
            taken[language] = taken.get(language, 0) + 1
            out.append((name, language, *best[i]))
    return out
