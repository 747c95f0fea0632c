"""The text is normalised (NFC)."""
import codecs
import unicodedata


def byte_fallback(ids, id2piece):
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = ""
    for i in ids:
        piece = id2piece[i]
        is_byte = len(piece) == 6 and piece[:3] == "<0x" and piece[5] == ">" and all(c in "0123456789ABCDEF" for c in piece[3:5])
        text += decoder.decode(bytes.fromhex(piece[3:5]) if is_byte else piece.replace("▁", " ").encode())
    text += decoder.decode(b"", final=True)
    return unicodedata.normalize("NFC", text.removeprefix(" "))
