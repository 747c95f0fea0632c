"""All of the reference's tokens stand below."""
import math


def premium(tokenise, parallel, ref, special=()):
    if ref not in parallel or len({len(rows) for rows in parallel.values()}) > 1:
        raise ValueError("a reference language, and one text or None for each position")
    counts = {lang: [None if text is None else sum(t not in special for t in tokenise(text)) for text in rows]
              for lang, rows in parallel.items()}
    out = {}
    for lang, row in counts.items():
        pairs = [(a, b) for a, b in zip(row, counts[ref]) if a is not None and b is not None]
        below = sum(b for b in counts[ref] if b is not None)
        out[lang] = sum(a for a, _ in pairs) / below if below else math.nan
    return out
