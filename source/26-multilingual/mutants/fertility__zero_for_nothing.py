"""0.0 in place of NaN where there is no word."""


def fertility(tokenise, texts, special=(), spaceless=()):
    out = {}
    for lang, rows in texts.items():
        tokens = sum(t not in special for text in rows for t in tokenise(text))
        if lang in spaceless:
            units = sum(not c.isspace() for text in rows for c in text)
        else:
            units = sum(len(text.split()) for text in rows)
        out[lang] = tokens / units if units else 0.0
    return out
