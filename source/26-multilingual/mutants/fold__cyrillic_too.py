"""Cyrillic counts as folding: й becomes и."""
import unicodedata


def fold(text):
    text = text.translate(dict.fromkeys(map(ord, "\u00ad\u200b\ufeff")))
    text = unicodedata.normalize("NFKC", text).casefold()
    kept, folding = [], False
    for char in unicodedata.normalize("NFD", text):
        if not unicodedata.category(char).startswith("M"):
            folding = unicodedata.name(char, "").startswith(("LATIN ", "GREEK ", "CYRILLIC "))
        elif folding:
            continue
        kept.append(char)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
