"""What follows the first ####."""

import re
from fractions import Fraction



def extract_answer(text: str) -> str | None:
    start = text.rfind("\\boxed{")
    if start >= 0:
        start += len("\\boxed{")
        depth, end = 1, start
        while end < len(text):
            if text[end] == "{":
                depth += 1
            elif text[end] == "}":
                depth -= 1
                if depth == 0:
                    break
            end += 1
        text = text[start:end]
    elif "####" in text:
        text = text.split("####", 1)[1]
    whole = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
    pattern = re.compile(r"(?<![^\W\d_])(?<!\d)(?<!\))[-\u2212](?=\d|\\frac\{\d)|(?:\\frac\{(%s)\}\{(%s)\}|(%s)/(%s)|(%s)(\.\d+)?)" % ((whole,) * 5))
    last, sign_at, neg = None, -1, False
    for m in pattern.finditer(text):
        if m.group(0) in "-\u2212":
            sign_at = m.end()
            continue
        g = [s.replace(",", "") if s else s for s in m.groups()]
        if g[0]:
            value = Fraction(int(g[0]), int(g[1]))
        elif g[2]:
            value = Fraction(int(g[2]), int(g[3]))
        else:
            value = Fraction(g[4] + (g[5] or ""))
        last = -value if sign_at == m.start() else value
    return None if last is None else str(last)
