"""Numbers as pairs of integers, crosswise multiplied."""

import re


NUMBER = re.compile(r"([+-]?)((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?)(?:\.([0-9]*))?( *\\?%)?")
PARTS = re.compile(r"([+-]?)(?:([0-9]+) */ *([0-9]+)|\\d?frac\{([0-9]+)\}\{([0-9]+)\})")


def same_answer(got, want):
    def box(text):
        best = text
        for m in re.finditer(r"\\boxed\{", text):
            depth, i = 1, m.end()
            while i < len(text) and depth:
                depth += {"{": 1, "}": -1}.get(text[i], 0)
                i += 1
            if depth == 0:
                best = text[m.end():i - 1]
        return best

    def trim(text):
        while text and (text[0].isspace() or text[0] == "$"):
            text = text[1:]
        while text and (text[-1].isspace() or text[-1] == "$"):
            text = text[:-1]
        return text

    def pair(text):
        if m := PARTS.fullmatch(text):
            a, b = int(m[2] or m[4]), int(m[3] or m[5])
            return (-a if m[1] == "-" else a, b) if b else None
        m = NUMBER.fullmatch(text)
        if not m or not (m[2] or m[3]):
            return None
        after = m[3] or ""
        a = int(m[2].replace(",", "") + after)
        return -a if m[1] == "-" else a, 10 ** (len(after) + (2 if m[4] else 0))

    a, b = (trim(re.sub(r"\.\Z", "", trim(box(t)))) for t in (got, want))
    if a == "" or b == "":
        return False
    p, q = pair(a), pair(b)
    if p and q:
        return p[0] * q[1] == q[0] * p[1]
    if p or q:
        return False
    return re.sub(r"\s+", " ", a.lower()) == re.sub(r"\s+", " ", b.lower())
