"""All spaces at the beginning are dropped."""
import re


def byte_fallback(ids, id2piece):
    data = bytearray()
    for i in ids:
        piece = id2piece[i]
        if re.fullmatch(r"<0x[0-9A-F][0-9A-F]>", piece):
            data.append(int(piece[3:5], 16))
        else:
            data += piece.replace("\u2581", " ").encode("utf-8")
    text = data.decode("utf-8", errors="replace")
    return text.lstrip(" ")
