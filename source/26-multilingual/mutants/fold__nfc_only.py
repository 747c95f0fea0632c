"""NFC in place of NFKC: full width and ligatures stay."""
import unicodedata


def fold(text):
    text = text.translate(dict.fromkeys(map(ord, "\u00ad\u200b\ufeff")))
    text = unicodedata.normalize("NFC", text).casefold()
    kept, folding = [], False
    for char in unicodedata.normalize("NFD", text):
        if not unicodedata.category(char).startswith("M"):
            folding = unicodedata.name(char, "").startswith(("LATIN ", "GREEK "))
        elif folding:
            continue
        kept.append(char)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
