"""One pattern that refuses an answer tag inside, and no count: a thought tag inside the answer is let pass."""

import re


def parse(text):
    m = re.fullmatch(r"<think>((?:(?!</?think>|</?answer>).)*)</think>\s*<answer>((?:(?!</?answer>).)*)</answer>", text.strip(), re.S)
    if m is None:
        return None
    return m[2].strip() or None


def verify(text, gold, form=0.1):
    answer = parse(text)
    if answer is None:
        return 0.0
    return 1.0 if answer == gold.strip() else float(form)
