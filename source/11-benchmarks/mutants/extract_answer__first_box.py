"""The first box."""

import re
from fractions import Fraction


def extract_answer(text: str) -> str | None:
    r"""The number that a text answers with, in lowest terms; None where it cannot be read.

    "3 - 5 gives -2, so \boxed{0.50}." answers "1/2".
    """
    if r"\boxed{" in text:
        place = text.partition(r"\boxed{")[2]
        depth = 1
        for i, character in enumerate(place):
            depth += {"{": 1, "}": -1}.get(character, 0)
            if depth == 0:
                place = place[:i]
                break
    else:
        place = text.rpartition("####")[2]  # the whole text where there is none
    whole = r"(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+)"
    sign = r"((?<![\w)])[-−])?"
    forms = rf"{sign}(?:\\frac\{{({whole})\}}\{{({whole})\}}|({whole})/({whole})|({whole}(?:\.\d+)?))"
    found = list(re.finditer(forms, place))
    if not found:
        return None
    minus, a, b, c, d, plain = (g and g.replace(",", "") for g in found[-1].groups())
    value = Fraction(plain) if plain else Fraction(int(a or c), int(b or d))
    return str(-value if minus else value)
