"""Walks backwards and holds the marks until their base is known."""
import unicodedata


def fold(text):
    text = "".join(c for c in text if ord(c) not in (0xAD, 0x200B, 0xFEFF))
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    out, held = [], []
    for ch in reversed(text):
        if unicodedata.category(ch).startswith("M"):
            held.append(ch)
            continue
        if not unicodedata.name(ch, "").startswith(("LATIN ", "GREEK ")):
            out += held
        held = []
        out.append(ch)
    out += held
    return " ".join(unicodedata.normalize("NFC", "".join(reversed(out))).split())
