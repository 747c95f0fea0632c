"""Characters count with their spaces."""
import math


def fertility(tokenise, texts, special=(), spaceless=()):
    out = {}
    for lang, rows in texts.items():
        tokens = sum(t not in special for text in rows for t in tokenise(text))
        if lang in spaceless:
            units = sum(len(text) for text in rows)
        else:
            units = sum(len(text.split()) for text in rows)
        out[lang] = tokens / units if units else math.nan
    return out
