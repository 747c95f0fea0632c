"""The byte order mark is removed at the beginning only."""
import unicodedata


def fold(text):
    for ch in "\u00ad\u200b":
        text = text.replace(ch, "")
    text = text.lstrip("\ufeff")
    text = unicodedata.normalize("NFKC", text).casefold()
    out, keep = [], True
    for ch in unicodedata.normalize("NFD", text):
        if unicodedata.category(ch).startswith("M"):
            if keep:
                out.append(ch)
        else:
            keep = not unicodedata.name(ch, "").startswith(("LATIN ", "GREEK "))
            out.append(ch)
    return " ".join(unicodedata.normalize("NFC", "".join(out)).split())
