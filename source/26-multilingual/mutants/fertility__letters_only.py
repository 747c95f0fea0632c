"""Without spaces: letters count, punctuation does not."""
import math


def fertility(tokenise, texts, special=(), spaceless=()):
    out = {}
    for lang, many in texts.items():
        tokens = units = 0
        for text in many:
            tokens += sum(1 for t in tokenise(text) if t not in special)
            units += sum(1 for c in text if c.isalpha()) if lang in spaceless else len(text.split())
        out[lang] = tokens / units if units else math.nan
    return out


def premium(tokenise, parallel, ref, special=()):
    if ref not in parallel or len({len(v) for v in parallel.values()}) > 1:
        raise ValueError("lengths or reference")
    def count(text):
        return sum(1 for t in tokenise(text) if t not in special)
    out = {}
    for lang, many in parallel.items():
        pairs = [(a, b) for a, b in zip(many, parallel[ref]) if a is not None and b is not None]
        top, below = sum(count(a) for a, _ in pairs), sum(count(b) for _, b in pairs)
        out[lang] = top / below if below else math.nan
    return out
