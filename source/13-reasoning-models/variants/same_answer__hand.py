"""Numbers taken apart by hand, boxes by a stack."""

from fractions import Fraction


def same_answer(got, want):
    def content(text):
        opened, closed = [], {}
        for i, c in enumerate(text):
            if c == "{":
                opened.append(i)
            elif c == "}" and opened:
                closed[opened.pop()] = i
        starts = [i + 6 for i in range(len(text)) if text.startswith("\\boxed{", i)]
        for start in starts[::-1]:
            if start in closed:
                return text[start + 1:closed[start]]
        return text

    def digits(text):
        return bool(text) and all(c in "0123456789" for c in text)

    def whole(text):
        if "," not in text:
            return text if digits(text) else None
        groups = text.split(",")
        fine = all(map(digits, groups)) and len(groups[0]) <= 3 and all(len(g) == 3 for g in groups[1:])
        return "".join(groups) if fine else None

    def value(text):
        sign, rest = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
        for start in ("\\frac{", "\\dfrac{"):
            if rest.startswith(start) and rest.endswith("}"):
                a, middle, b = rest[len(start):-1].partition("}{")
                rest = f"{a}/{b}" if middle and digits(a) and digits(b) else "x"
        if "/" in rest:
            a, _, b = rest.partition("/")
            a, b = a.rstrip(), b.lstrip()
            if not digits(a) or not digits(b) or int(b) == 0:
                return None
            size = Fraction(int(a), int(b))
        else:
            by = 1
            if rest.endswith("%"):
                rest, by = rest[:-1].removesuffix("\\").rstrip(), 100
            before, point, after = rest.partition(".")
            if after and not digits(after):
                return None
            if before:
                before = whole(before)
                if before is None:
                    return None
            elif not after:
                return None
            size = Fraction(int((before or "") + after), by * 10 ** len(after))
        return -size if sign == "-" else size

    forms = []
    for text in (got, want):
        text = content(text).strip(" \t\r\n$")
        if text.endswith("."):
            text = text[:-1].strip(" \t\r\n$")
        if not text:
            return False
        number = value(text)
        forms.append(("text", " ".join(text.lower().split())) if number is None else ("number", number))
    return forms[0] == forms[1]
