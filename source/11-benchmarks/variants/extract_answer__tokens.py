"""A scan with one pattern for each kind."""

import re
from fractions import Fraction


def extract_answer(text):
    at = text.rfind("\\boxed{")
    if at >= 0:
        start = end = at + 7
        open_braces = 1
        while open_braces:
            open_braces += (text[end] == "{") - (text[end] == "}")
            end += 1
        text = text[start:end - 1]
    elif "####" in text:
        text = text.split("####")[-1]
    number = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)"
    latex = re.compile(r"\\frac\{(" + number + r")\}\{(" + number + r")\}")
    slash = re.compile("(" + number + ")/(" + number + ")")
    plain = re.compile(number + r"(?:\.[0-9]+)?")
    i, last = 0, None
    while i < len(text):
        for kind in (latex, slash, plain):
            found = kind.match(text, i)
            if found:
                parts = found.groups() or (found.group(), "1")
                value = Fraction(parts[0].replace(",", "")) / Fraction(parts[1].replace(",", ""))
                negative = i > 0 and text[i - 1] in "-\u2212" and not (i > 1 and (text[i - 2].isalnum() or text[i - 2] == ")"))
                last = -value if negative else value
                i = found.end()
                break
        else:
            i += 1
    return None if last is None else str(last)
