"""LaTeX is rewritten first, numbers are found from a plainer text."""

import re
from fractions import Fraction


def extract_answer(text):
    mark = text.rfind(r"\boxed{")
    if mark != -1:
        rest, depth = text[mark + len(r"\boxed{"):], 0
        for i, c in enumerate(rest):
            if c == "}" and depth == 0:
                rest = rest[:i]
                break
            depth += (c == "{") - (c == "}")
        text = rest
    else:
        text = text[text.rfind("####") + 4:] if "####" in text else text
    text = re.sub(r"\\frac\{([\d,]+)\}\{([\d,]+)\}", r"\1/\2", text)
    while True:
        joined = re.sub(r"(?<![\d,])(\d{1,3}(?:,\d{3})+)(?!\d)", lambda m: m.group().replace(",", ""), text)
        if joined == text:
            break
        text = joined
    numbers = [m for m in re.finditer(r"\d+/\d+|\d+\.\d+|\d+", text)]
    if not numbers:
        return None
    last = numbers[-1]
    before = text[:last.start()]
    value = Fraction(last.group())
    if re.search(r"(^|[^\w)])[-\u2212]$", before):
        value = -value
    return f"{value.numerator}/{value.denominator}" if value.denominator > 1 else f"{value.numerator}"
