"""Soft hyphens and zero-width spaces stay."""
import unicodedata


def fold(text):
    text = unicodedata.normalize("NFKC", text).casefold()
    kept, folding = [], False
    for char in unicodedata.normalize("NFD", text):
        if not unicodedata.category(char).startswith("M"):
            folding = unicodedata.name(char, "").startswith(("LATIN ", "GREEK "))
        elif folding:
            continue
        kept.append(char)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
