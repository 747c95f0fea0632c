"""Line ends are made one kind."""

import re


def byte_fallback(ids, id2piece):
    data = b""
    for i in ids:
        piece = id2piece[i]
        if re.fullmatch(r"<0x[0-9A-F]{2}>", piece):
            data += bytes([int(piece[3:5], 16)])
        else:
            data += piece.replace("\u2581", " ").encode()
    text = data.decode(errors="replace")
    text = text.replace("\r\n", "\n")
    return text.removeprefix(" ")
