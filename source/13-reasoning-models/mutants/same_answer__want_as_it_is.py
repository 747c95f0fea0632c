"""Only the model's answer is normalised."""

import re
from fractions import Fraction


def same_answer(got: str, want: str) -> bool:
    r"""Whether two final answers mean the same.

    same_answer(r"so \boxed{\frac{1}{2}}.", "0.5") is True; same_answer("0.333", "1/3") is False.
    """
    def boxed(text: str) -> str:
        for start in reversed([m.end() for m in re.finditer(r"\\boxed\{", text)]):
            depth = 1
            for i in range(start, len(text)):
                depth += (text[i] == "{") - (text[i] == "}")
                if depth == 0:
                    return text[start:i]
        return text

    def number(text: str) -> Fraction | None:
        m = re.fullmatch(r"([+-]?)(?:([0-9]+)\s*/\s*([0-9]+)|\\d?frac\{([0-9]+)\}\{([0-9]+)\})", text)
        if m:
            top, bottom = int(m[2] or m[4]), int(m[3] or m[5])
            return Fraction(-top if m[1] == "-" else top, bottom) if bottom else None
        m = re.fullmatch(r"([+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.[0-9]*)?)(\s*\\?%)?", text)
        if not m or not re.search("[0-9]", m[1]):
            return None
        return Fraction(m[1].replace(",", "").removesuffix(".")) / (100 if m[2] else 1)

    def normal(text: str) -> str:
        ends = "$ \t\n\r\f\v"
        return boxed(text).strip(ends).removesuffix(".").strip(ends)

    a, b = normal(got), want.strip()
    if not a or not b:
        return False
    x, y = number(a), number(b)
    if x is not None and y is not None:
        return x == y
    return (x is None) == (y is None) and a.lower().split() == b.lower().split()
