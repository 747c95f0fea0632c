"""Signs that quote or frame the answer are dropped before it is compared."""

import re


def parse(text):
    for tag in ("<think>", "</think>", "<answer>", "</answer>"):
        if text.count(tag) != 1:
            return None
    m = re.fullmatch(r"<think>(.*)</think>\s*<answer>(.*)</answer>", text.strip(), re.S)
    if m is None:
        return None
    return m[2].strip() or None


def verify(text, gold, form=0.1):
    answer = parse(text)
    if answer is None:
        return 0.0
    return 1.0 if answer.strip("$\"") == gold.strip() else float(form)
