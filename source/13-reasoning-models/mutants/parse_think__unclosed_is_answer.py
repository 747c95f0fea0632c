"""A thought that was cut off is handed out as the answer."""

import re

OPEN, CLOSE = "<think>", "</think>"


def parse_think(text):
    if OPEN not in text.partition(CLOSE)[0] and CLOSE in text:
        text = OPEN + text
    blocks = [b.strip() for b in re.findall(r"<think>(.*?)</think>", text, re.S)]
    rest = re.sub(r"<think>.*?</think>", "", text, flags=re.S)
    return "\n".join(b for b in blocks if b), rest.replace(OPEN, "").strip()
