"""The pattern does not cross lines."""

import re

OPEN, CLOSE = "<think>", "</think>"


def parse_think(text):
    if OPEN not in text.partition(CLOSE)[0] and CLOSE in text:
        text = OPEN + text
    pattern = r"<think>(.*?)(?:</think>|$)"
    blocks = [b.strip() for b in re.findall(pattern, text)]
    return "\n".join(b for b in blocks if b), re.sub(pattern, "", text).strip()
