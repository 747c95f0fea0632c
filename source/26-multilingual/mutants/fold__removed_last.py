"""Soft hyphens and so on are removed at the end, so a mark behind one belongs to it."""
import unicodedata


def fold(text):
    text = unicodedata.normalize("NFKC", text).casefold()
    out, keep = [], True
    for ch in unicodedata.normalize("NFD", text):
        if unicodedata.category(ch).startswith("M"):
            if keep:
                out.append(ch)
        else:
            keep = not unicodedata.name(ch, "").startswith(("LATIN ", "GREEK "))
            out.append(ch)
    text = "".join(out)
    for ch in "\u00ad\u200b\ufeff":
        text = text.replace(ch, "")
    return " ".join(unicodedata.normalize("NFC", text).split())
