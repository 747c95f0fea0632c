"""The name of a mark's base is asked without a default: a mark after a line feed raises."""
import unicodedata


def fold(text: str) -> str:
    for c in "\u00ad\u200b\ufeff":
        text = text.replace(c, "")
    text = unicodedata.normalize("NFKC", text).casefold()
    out, base = [], ""
    for c in unicodedata.normalize("NFD", text):
        if unicodedata.category(c).startswith("M"):
            if unicodedata.name(base).startswith(("LATIN ", "GREEK ")) if base else False:
                continue
        else:
            base = c
        out.append(c)
    return " ".join(unicodedata.normalize("NFC", "".join(out)).split())
