"""Pictures by a range of code points, which holds only the usual ones."""

import re
import unicodedata


def normalize_text(s):
    def pictorial(c):
        return "\U0001f000" <= c <= "\U0001faff" or "\u2600" <= c <= "\u27bf"
    while True:
        t = unicodedata.normalize("NFKC", s)
        t = re.sub("\r\n|[\r\x85\u2028\u2029]", "\n", t)
        t = "".join(c for c in t if c in "\n\t\u200d" or not (
            unicodedata.category(c) in ("Cc", "Cf") or "\ufe00" <= c <= "\ufe0e" or "\U000e0100" <= c <= "\U000e01ef"))
        t = "".join(c for i, c in enumerate(t) if c != "\ufe0f" or i and pictorial(t[i - 1]))
        t = "".join(c for i, c in enumerate(t) if c != "\u200d" or (
            i and (t[i - 1] == "\ufe0f" or pictorial(t[i - 1])) and i + 1 < len(t) and pictorial(t[i + 1])))
        t = "".join(" " if c == "\t" or unicodedata.category(c) == "Zs" else c for c in t)
        t = re.sub(" +", " ", t)
        t = re.sub(" ?\n ?", "\n", t)
        t = re.sub("\n{3,}", "\n\n", t)
        t = t.strip(" \n")
        if t == s:
            return t
        s = t
