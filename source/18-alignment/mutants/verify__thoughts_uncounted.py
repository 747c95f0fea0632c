"""Only the answer's tags are counted."""

import re


def parse(text):
    if any((text.count(tag) != 1 for tag in ('<answer>', '</answer>'))):
        return None
    found = re.fullmatch('<think>.*</think>\\s*<answer>(.*)</answer>', text.strip(), re.DOTALL)
    return found[1].strip() or None if found else None


def verify(text, gold, form=0.1):
    answer = parse(text)
    if answer is None:
        return 0.0
    return 1.0 if answer == gold.strip() else float(form)
