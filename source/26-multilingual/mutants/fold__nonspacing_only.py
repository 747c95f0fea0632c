"""Nonspacing marks go, spacing ones stay: half of Hindi's vowels."""
import unicodedata


def fold(text):
    text = text.translate(dict.fromkeys(map(ord, "\u00ad\u200b\ufeff")))
    text = unicodedata.normalize("NFKC", text).casefold()
    kept, folding = [], False
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.category(char) == "Mn":
            continue
        kept.append(char)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
