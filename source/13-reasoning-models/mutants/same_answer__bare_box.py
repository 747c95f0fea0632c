"""A box without braces counts, too."""
import re
from decimal import Decimal
from fractions import Fraction


def same_answer(got, want):
    def boxed(text):
        best = text
        n = re.search(r"\\boxed\s+(\S+)", text)
        best = n[1].strip("$.") if n else text
        for m in re.finditer(r"\\boxed\{", text):
            depth, i = 1, m.end()
            while i < len(text) and depth:
                depth += {"{": 1, "}": -1}.get(text[i], 0)
                i += 1
            if not depth:
                best = text[m.end():i - 1]
        return best

    def trim(text):
        text = text.strip(" \t\n\r\f\v$")
        return text.removesuffix(".").strip(" \t\n\r\f\v$")

    def value(text):
        whole = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"
        m = re.fullmatch(rf"([+-]?)({whole}|{whole}?\.[0-9]+|{whole}\.)(\s*\\?%)?", text)
        if m:
            number = Fraction(Decimal(m[2].replace(",", ""))) / (100 if m[3] else 1)
            return -number if m[1] == "-" else number
        m = (re.fullmatch(r"([+-]?)([0-9]+)\s*/\s*([0-9]+)", text)
             or re.fullmatch(r"([+-]?)\\d?frac\{([0-9]+)\}\{([0-9]+)\}", text))
        if m and int(m[3]):
            number = Fraction(int(m[2]), int(m[3]))
            return -number if m[1] == "-" else number
        return None

    a, b = trim(boxed(got)), trim(boxed(want))
    if not a or not b:
        return False
    x, y = value(a), value(b)
    if x is None and y is None:
        return re.sub(r"\s+", " ", a.lower()) == re.sub(r"\s+", " ", b.lower())
    return x is not None and y is not None and x == y
