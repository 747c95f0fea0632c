"""The second order is turned round first."""
import math
import re


def judge_parse(text):
    said = re.sub(r"(?s)<think>.*?(?:</think>|$(?!\n))", "", text)
    last = "invalid"
    for hit in re.finditer(r"(?i)\[\[\s*([abc])\s*\]\]", said):
        last = "AB"["ab".index(hit[1].lower())] if hit[1].lower() in "ab" else "tie"
    return last


def debias_pairwise(first, second):
    turned = [{"A": "B", "B": "A"}.get(v, v) for v in second]
    score = {"A": 1.0, "B": 0.0, "tie": 0.5, "invalid": math.nan}
    return [math.nan if "invalid" in (a, b) else score[a] if a == b else 0.5 for a, b in zip(first, turned, strict=True)]


def position_bias(first, second):
    total = count = 0
    for a, b in zip(first, second, strict=True):
        if a != "invalid" and b != "invalid":
            count += 2
            total += (a == "A") - (a == "B") + (b == "A") - (b == "B")
    return total / count if count else float("nan")
