"""Works on composed characters: decomposes one at a time."""
import unicodedata


def fold(text):
    text = text.replace("\u00ad", "").replace("\u200b", "").replace("\ufeff", "")
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    groups = []
    for c in text:
        if groups and unicodedata.category(c) in ("Mn", "Mc", "Me"):
            groups[-1].append(c)
        else:
            groups.append([c])
    keep = []
    for base, *marks in groups:
        name = unicodedata.name(base, "none")
        drop = name.startswith("LATIN ") or name.startswith("GREEK ")
        keep.append(base if drop else base + "".join(marks))
    return " ".join(unicodedata.normalize("NFC", "".join(keep)).split())
