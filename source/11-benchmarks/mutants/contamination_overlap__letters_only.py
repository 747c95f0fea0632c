"""Words of the letters a to z only: numbers are lost."""

import re
from collections.abc import Sequence



def contamination_overlap(items: Sequence[str], corpus: Sequence[str], n: int = 13) -> list[float]:
    if n < 1:
        raise ValueError("n")
    lists = [re.findall('[a-z]+', item.lower()) for item in items]
    lengths = {min(n, len(w)) for w in lists if w}
    seen = set()
    for doc in corpus:
        w = re.findall('[a-z]+', doc.lower())
        for size in lengths:
            for i in range(len(w) - size + 1):
                seen.add(tuple(w[i:i + size]))
    out = []
    for w in lists:
        if not w:
            out.append(0.0)
            continue
        size = min(n, len(w))
        hit = [False] * len(w)
        for i in range(len(w) - size + 1):
            if tuple(w[i:i + size]) in seen:
                hit[i:i + size] = [True] * size
        out.append(sum(hit) / len(w))
    return out
