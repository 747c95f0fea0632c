"""Whitespace is stripped at the ends only."""
import unicodedata


def fold(text):
    text = text.translate(dict.fromkeys(map(ord, "\u00ad\u200b\ufeff")))
    text = unicodedata.normalize("NFKC", text).casefold()
    kept, folding = [], False
    for char in unicodedata.normalize("NFD", text):
        if not unicodedata.category(char).startswith("M"):
            folding = unicodedata.name(char, "").startswith(("LATIN ", "GREEK "))
        elif folding:
            continue
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept)).strip()
