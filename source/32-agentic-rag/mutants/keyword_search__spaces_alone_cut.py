"""Only spaces are stripped, not newlines."""


def keyword_search(chunks, keywords, k):
    words = list(dict.fromkeys(w for w in (x.strip(' ').casefold() for x in keywords) if w))
    found = []
    for cid, text in chunks.items():
        folded = text.casefold()
        score = sum(folded.count(w) * len(w) for w in words)
        if score > 0:
            snippets = [s for s in sentences(text) if any(w in s.casefold() for w in words)]
            found.append((cid, score, snippets))
    found.sort(key=lambda c: (-c[1], c[0]))
    return found[:k]
