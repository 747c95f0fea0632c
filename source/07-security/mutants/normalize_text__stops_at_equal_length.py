"""Stops when the length no longer changes."""
import re
import unicodedata


def normalize_text(s: str) -> str:
    def once(s):
        s = unicodedata.normalize("NFKC", s)
        s = re.sub("\r\n|[\r\x85\u2028\u2029]", "\n", s)
        kept = []
        for c in s:
            cat = unicodedata.category(c)
            if cat == "Cc" and c not in "\n\t":
                continue
            if cat == "Cf" and c != "\u200d":
                continue
            if "\ufe00" <= c <= "\ufe0e" or "\U000e0100" <= c <= "\U000e01ef":
                continue
            kept.append(c)
        kept = [c for i, c in enumerate(kept) if c != "\ufe0f" or i and pictorial(kept[i - 1])]
        glued = []
        for i, c in enumerate(kept):
            if c == "\u200d":
                before = i > 0 and (pictorial(kept[i - 1]) or kept[i - 1] == "\ufe0f")
                after = i + 1 < len(kept) and pictorial(kept[i + 1])
                if not (before and after):
                    continue
            glued.append(c)
        s = "".join(" " if c == "\t" or unicodedata.category(c) == "Zs" else c for c in glued)
        s = re.sub(" +", " ", s)
        s = re.sub(" ?\n ?", "\n", s)
        s = re.sub("\n{3,}", "\n\n", s)
        return s.strip(" \n")
    while True:
        new = once(s)
        if len(new) == len(s):
            return new
        s = new
