"""Languages without spaces are measured by words too."""
import math


def fertility(tokenise, texts, special=(), spaceless=()):
    out = {}
    for lang, rows in texts.items():
        tokens = sum(t not in special for text in rows for t in tokenise(text))
        if False:
            units = sum(not c.isspace() for text in rows for c in text)
        else:
            units = sum(len(text.split()) for text in rows)
        out[lang] = tokens / units if units else math.nan
    return out
