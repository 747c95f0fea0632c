"""The first pair of answer tags anywhere is taken."""

import re


def parse(text):
    if '<answer>' not in text:
        return None
    found = re.search('<answer>(.*?)</answer>', text, re.DOTALL)
    return found[1].strip() or None if found else None


def verify(text, gold, form=0.1):
    answer = parse(text)
    if answer is None:
        return 0.0
    return 1.0 if answer == gold.strip() else float(form)
