"""A scanner, character by character, without re"""

from fractions import Fraction




def extract_answer(text: str) -> str | None:
    box = text.rfind("\\boxed{")
    if box != -1:
        i = box + 7
        depth = 1
        for j in range(i, len(text)):
            if text[j] == "{":
                depth += 1
            if text[j] == "}":
                depth -= 1
            if depth == 0:
                break
        text = text[i:j]
    elif text.rfind("####") != -1:
        text = text[text.rfind("####") + 4:]

    def digits(i):
        j = i
        while j < len(text) and text[j] in "0123456789":
            j += 1
        return j

    def whole(i):
        j = digits(i)
        if 1 <= j - i <= 3:
            while j < len(text) and text[j] == "," and digits(j + 1) - j - 1 == 3:
                j += 4
        return j

    i, answer = 0, None
    while i < len(text):
        start = i
        if text.startswith("\\frac{", i):
            j = whole(i + 6)
            if j > i + 6 and text[j:j + 2] == "}{":
                k = whole(j + 2)
                if k > j + 2 and text[k:k + 1] == "}":
                    value = Fraction(int(text[i + 6:j].replace(",", "")), int(text[j + 2:k].replace(",", "")))
                    i = k + 1
        elif text[i] in "0123456789":
            j = whole(i)
            value = Fraction(text[i:j].replace(",", ""))
            if text[j:j + 1] == "/" and digits(j + 1) > j + 1:
                k = whole(j + 1)
                value /= int(text[j + 1:k].replace(",", ""))
                j = k
            elif text[j:j + 1] == "." and digits(j + 1) > j + 1:
                k = digits(j + 1)
                value = Fraction(text[i:k].replace(",", ""))
                j = k
            i = j
        if i == start:
            i += 1
            continue
        if start and text[start - 1] in "-\u2212":
            before = text[start - 2] if start > 1 else " "
            if not (before.isalpha() or before.isdigit() or before == ")"):
                value = -value
        answer = value
    if answer is None:
        return None
    return str(answer.numerator) if answer.denominator == 1 else f"{answer.numerator}/{answer.denominator}"
