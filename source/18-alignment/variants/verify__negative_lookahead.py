"""One pattern that refuses every further tag."""

import re


def parse(text):
    inner = '(?:(?!</?(?:think|answer)>).)*'
    found = re.match('\\A\\s*<think>' + inner + '</think>\\s*<answer>(' + inner + ')</answer>\\s*\\Z', text, re.S)
    if found is None or not found.group(1).strip():
        return None
    return found.group(1).strip()


def verify(text, gold, form=0.1):
    answer = parse(text)
    return 0.0 if answer is None else 1.0 if answer == gold.strip() else 1.0 * form
