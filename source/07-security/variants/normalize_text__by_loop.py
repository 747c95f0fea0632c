"""Character by character, with a table for str.translate."""
import unicodedata


GONE = {i: None for i in range(0x110000) if unicodedata.category(chr(i)) in ("Cc", "Cf") or 0xFE00 <= i <= 0xFE0E or 0xE0100 <= i <= 0xE01EF}
for c in "\n\t\u200d":
    del GONE[ord(c)]


def once(s):
    s = unicodedata.normalize("NFKC", s).replace("\r\n", "\n")
    for c in "\r\x85\u2028\u2029":
        s = s.replace(c, "\n")
    s = s.translate(GONE)
    out = []
    for c in s:
        if c != "\ufe0f" or out and pictorial(out[-1]):
            out.append(c)
    kept = out
    glue = []
    for i, c in enumerate(kept):
        if c == "\u200d":
            fine = 0 < i < len(kept) - 1 and (kept[i - 1] == "\ufe0f" or pictorial(kept[i - 1])) and pictorial(kept[i + 1])
            if not fine:
                continue
        glue.append(" " if c == "\t" or unicodedata.category(c) == "Zs" else c)
    lines = [" ".join(line.split(" ")).strip(" ") for line in "".join(glue).split("\n")]
    lines = [" ".join(filter(None, line.split(" "))) for line in lines]
    text = []
    for line in lines:
        if line or (text and text[-1]):
            text.append(line)
    while text and not text[-1]:
        text.pop()
    return "\n".join(text)


def normalize_text(s):
    while (t := once(s)) != s:
        s = t
    return s
