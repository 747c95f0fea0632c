"""Tags within a thought are counted."""
import re


def judge_parse(text):
    depth, out = 0, []
    for part in re.split(r"(<think>|</think>)", text):
        if part == "<think>":
            depth += 1
        elif part == "</think>" and depth:
            depth -= 1
        elif depth == 0:
            out.append(part)
    text = "".join(out)
    found = re.findall(r"\[\[[ \t\r\n]*([ABCabc])[ \t\r\n]*\]\]", text)
    if not found:
        return "invalid"
    return {"A": "A", "B": "B", "C": "tie"}[found[-1].upper()]
