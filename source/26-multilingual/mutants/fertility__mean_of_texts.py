"""The mean of each text's ratio."""
import math


def fertility(tokenise, texts, special=(), spaceless=()):
    out = {}
    for lang, rows in texts.items():
        tokens = sum(t not in special for text in rows for t in tokenise(text))
        if lang in spaceless:
            units = sum(not c.isspace() for text in rows for c in text)
        else:
            units = sum(len(text.split()) for text in rows)
        ratios = [sum(t not in special for t in tokenise(x)) / max(len(x.split()), 1) for x in rows]
        out[lang] = (tokens / units if lang in spaceless else sum(ratios) / len(ratios)) if units else math.nan
    return out
