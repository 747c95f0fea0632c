"""Equal keywords count twice."""
from collections.abc import Mapping, Sequence


def keyword_search(chunks: Mapping[str, str], keywords: Sequence[str],
                   k: int) -> list[tuple[str, int, list[str]]]:
    words = [word.strip().casefold() for word in keywords if word.strip()]
    hits = []
    for id, text in chunks.items():
        folded = text.casefold()
        score = sum(folded.count(word) * len(word) for word in words)
        if score > 0:
            snippets = [s for s in sentences(text) if any(word in s.casefold() for word in words)]
            hits.append((id, score, snippets))
    return sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:k]
