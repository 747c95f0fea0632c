"""Lists of different lengths are cut to the shorter one."""
import math


def premium(tokenise, parallel, ref, special=()):
    if ref not in parallel:
        raise ValueError("a reference language, and one text or None for each position")
    counts = {lang: [None if text is None else sum(t not in special for t in tokenise(text)) for text in rows]
              for lang, rows in parallel.items()}
    out = {}
    for lang, row in counts.items():
        pairs = [(a, b) for a, b in zip(row, counts[ref]) if a is not None and b is not None]
        below = sum(b for _, b in pairs)
        out[lang] = sum(a for a, _ in pairs) / below if below else math.nan
    return out
