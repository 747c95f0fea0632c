"""Regular expressions, and a call of itself until nothing changes."""
import re
import unicodedata


def normalize_text(s):
    t = unicodedata.normalize("NFKC", s)
    t = re.sub("\r\n?|\x85|\u2028|\u2029", "\n", t)
    t = "".join(c for c in t if c in "\n\t\u200d" or unicodedata.category(c) not in {"Cf", "Cc"})
    t = re.sub("[\ufe00-\ufe0e]|[\U000e0100-\U000e01ef]", "", t)
    pics = "".join("p" if pictorial(c) else c if c in "\u200d\ufe0f" else "x" for c in t)
    t = "".join(c for c, gone in zip(t, re.sub("(?<!p)\ufe0f", "-", pics)) if gone != "-")
    pics = "".join("p" if pictorial(c) else c if c in "\u200d\ufe0f" else "x" for c in t)
    t = "".join(c for c, gone in zip(t, re.sub("(?<![p\ufe0f])\u200d|\u200d(?!p)", "-", pics)) if gone != "-")
    t = "".join(" " if unicodedata.category(c) == "Zs" else c for c in t)
    t = re.sub("[ \t]+", " ", t)
    t = re.sub(" ?\n ?", "\n", t)
    t = re.sub("\n\n\n+", "\n\n", t).strip("\n ")
    return t if t == s else normalize_text(t)
