"""Bytes wait until a character is whole, over the text between."""
import re


def byte_fallback(ids, id2piece):
    text, waiting = "", b""
    for i in ids:
        piece = id2piece[i]
        if re.fullmatch(r"<0x[0-9A-F][0-9A-F]>", piece):
            waiting += bytes([int(piece[3:5], 16)])
            try:
                text += waiting.decode("utf-8")
                waiting = b""
            except UnicodeDecodeError:
                pass
        else:
            text += piece.replace("\u2581", " ")
    text += waiting.decode("utf-8", errors="replace")
    return text.removeprefix(" ")
