"""Sorted by id, then stably by score; counted by split."""


def keyword_search(chunks, keywords, k):
    words = set()
    for word in keywords:
        if word.strip():
            words.add(word.strip().casefold())
    hits = []
    for id in sorted(chunks):
        text = chunks[id].casefold()
        score = 0
        for word in words:
            score += (len(text.split(word)) - 1) * len(word)
        if score != 0:
            hits.append((id, score, [s for s in sentences(chunks[id]) if [w for w in words if w in s.casefold()]]))
    hits.sort(key=lambda hit: hit[1], reverse=True)
    return hits[:k]
