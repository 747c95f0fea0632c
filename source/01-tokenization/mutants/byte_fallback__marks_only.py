"""A plain space at the beginning is kept: only one that came from a mark or a byte is dropped."""
import re


def byte_fallback(ids, id2piece):
    raw = b""
    for i in ids:
        p = id2piece[i]
        if re.fullmatch("<0x[0-9A-F]{2}>", p):
            raw += bytes([int(p[3:5], 16)])
        else:
            raw += p.replace("\u2581", " ").encode()
    text = raw.decode("utf-8", errors="replace")
    return text[1:] if text[:1] == " " and not id2piece[ids[0]].startswith(" ") else text
