"""Special tokens are joined into one string: a token that is a piece of one is left out, too."""
import math


def fertility(tokenise, texts, special=(), spaceless=()):
    out = {}
    for lang, ts in texts.items():
        tokens = words = 0
        for t in ts:
            tokens += sum(tok not in "".join(map(str, special)) for tok in map(str, tokenise(t)))
            words += sum(not c.isspace() for c in t) if lang in spaceless else len(t.split())
        out[lang] = tokens / words if words else math.nan
    return out


def premium(tokenise, parallel, ref, special=()):
    if ref not in parallel or len({len(v) for v in parallel.values()}) > 1:
        raise ValueError("parallel")
    def n(t):
        return sum(tok not in special for tok in tokenise(t))
    out = {}
    for lang, ts in parallel.items():
        pairs = [(a, b) for a, b in zip(ts, parallel[ref]) if a is not None and b is not None]
        above, below = sum(n(a) for a, _ in pairs), sum(n(b) for _, b in pairs)
        out[lang] = above / below if below else math.nan
    return out
