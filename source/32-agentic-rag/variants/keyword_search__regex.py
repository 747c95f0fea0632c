"""Matches found by a pattern, the best k by a heap."""


import heapq
import re


def keyword_search(chunks, keywords, k):
    words = list(dict.fromkeys(w for w in (word.strip().casefold() for word in keywords) if w))
    patterns = [re.compile(re.escape(w)) for w in words]
    found = {}
    for id in chunks:
        score = sum(len(w) * len(p.findall(chunks[id].casefold())) for w, p in zip(words, patterns))
        if score:
            found[id] = score
    best = heapq.nsmallest(k, found, key=lambda id: (-found[id], id))
    return [[id, found[id], [s for s in sentences(chunks[id]) if any(p.search(s.casefold()) for p in patterns)]]
            for id in best]
