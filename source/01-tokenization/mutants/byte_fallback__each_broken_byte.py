"""Every byte of a broken run gives one sign, as in Hugging Face's decoder."""
import re


def byte_fallback(ids, id2piece):
    data = bytearray()
    for i in ids:
        piece = id2piece[i]
        if re.fullmatch(r"<0x[0-9A-F][0-9A-F]>", piece):
            data.append(int(piece[3:5], 16))
        else:
            data += piece.replace("\u2581", " ").encode("utf-8")
    text, at = "", 0
    while at < len(data):
        for n in (1, 2, 3, 4):
            try:
                text += bytes(data[at:at + n]).decode("utf-8")
                at += n
                break
            except UnicodeDecodeError:
                pass
        else:
            text += "\ufffd"
            at += 1
    return text[1:] if text.startswith(" ") else text
