"""Any piece of six characters in angle brackets is a byte."""
import re


def byte_fallback(ids, id2piece):
    data = bytearray()
    for i in ids:
        piece = id2piece[i]
        if (len(piece) == 6 and piece[0] == "<" and piece[-1] == ">"):
            data.append(int(piece[3:5], 16))
        else:
            data += piece.replace("\u2581", " ").encode("utf-8")
    text = data.decode("utf-8", errors="replace")
    return text[1:] if text.startswith(" ") else text
