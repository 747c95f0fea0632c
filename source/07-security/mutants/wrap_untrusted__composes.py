"""Accents of the data are composed on the way."""

import re
import unicodedata


def wrap_untrusted(data, nonce):
    if not re.fullmatch("[0-9a-f]{8,}", nonce):
        raise ValueError("nonce")
    data = unicodedata.normalize("NFC", data)
    starts = {m.start() for m in re.finditer(f"(?=({nonce}))", data, re.I)}
    out = []
    for i, c in enumerate(data):
        out.append("\\\\" if c == "\\" else c)
        if i in starts:
            out.append("\\")
    return f"<data {nonce}>\n" + "".join(out) + f"\n</data {nonce}>"


def unwrap(block, nonce):
    first, last = f"<data {nonce}>\n", f"\n</data {nonce}>"
    if not block.startswith(first) or not block.endswith(last) or len(block) < len(first) + len(last):
        raise ValueError("frame")
    body = block[len(first):len(block) - len(last)]
    if nonce in body.lower():
        raise ValueError("nonce inside")
    return re.sub(r"\\(\\?)", r"\1", body)
