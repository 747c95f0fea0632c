"""White space inside text is merged to single spaces."""


def keyword_search(chunks, keywords, k):
    words = []
    for w in keywords:
        w = w.strip().casefold()
        if w and w not in words:
            words.append(w)
    found = []
    for name, text in chunks.items():
        low = ' '.join(text.casefold().split())
        score = sum(low.count(w) * len(w) for w in words)
        if score:
            found.append((name, score, [s for s in sentences(text) if any(w in s.casefold() for w in words)]))
    found.sort(key=lambda f: (-f[1], f[0]))
    return found[:k]
