"""One regular expression over bases and their marks."""
import re
import unicodedata


def fold(text):
    text = re.sub("[\u00ad\u200b\ufeff]", "", text)
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    marks = {c for c in text if unicodedata.category(c)[0] == "M"}
    bases = {c for c in text if unicodedata.name(c, "").split(" ")[0] in ("LATIN", "GREEK")} - marks
    out, last = [], None
    for c in text:
        if c not in marks:
            last = c
        if c not in marks or last not in bases:
            out.append(c)
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", "".join(out))).strip()
