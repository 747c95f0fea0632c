"""One greedy match from the first opening tag to the last closing one."""

import re

OPEN, CLOSE = "<think>", "</think>"


def parse_think(text):
    if OPEN not in text.partition(CLOSE)[0] and CLOSE in text:
        text = OPEN + text
    m = re.search(r"<think>(.*)</think>", text, re.S)
    if m:
        return m[1].strip(), (text[:m.start()] + text[m.end():]).strip()
    before, _, rest = text.partition(OPEN)
    return rest.strip(), before.strip()
