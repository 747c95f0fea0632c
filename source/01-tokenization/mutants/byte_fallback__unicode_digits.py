"""\d takes the digits of other scripts too."""

import re


def byte_fallback(ids, id2piece):
    data = b""
    for i in ids:
        piece = id2piece[i]
        if re.fullmatch(r"<0x[\dA-F]{2}>", piece):
            data += bytes([int(piece[3:5], 16)])
        else:
            data += piece.replace("\u2581", " ").encode()
    text = data.decode(errors="replace")
    return text.removeprefix(" ")
