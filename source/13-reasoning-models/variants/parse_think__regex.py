"""One pattern for all blocks."""

import re

OPEN, CLOSE = "<think>", "</think>"


def parse_think(text):
    first = re.search(r"</?think>", text)
    if first and first[0] == CLOSE:
        text = OPEN + text
    pattern = re.compile(r"<think>(.*?)(?:</think>|\Z)", re.S)
    blocks = [b.strip() for b in pattern.findall(text)]
    return "\n".join(filter(None, blocks)), pattern.sub("", text).strip()
