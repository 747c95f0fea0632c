"""A machine with two states over tags and text."""

import re

OPEN, CLOSE = "<think>", "</think>"


def parse_think(text):
    parts = re.split(r"(</?think>)", text)
    tags = [p for p in parts if p in (OPEN, CLOSE)]
    inside = bool(tags) and tags[0] == CLOSE
    thoughts, answer, now = [], "", ""
    for part in parts:
        if inside and part == CLOSE:
            thoughts.append(now)
            inside, now = False, ""
        elif not inside and part == OPEN:
            inside = True
        elif inside:
            now += part
        else:
            answer += part
    thoughts.append(now)
    return "\n".join(t.strip() for t in thoughts if t.strip()), answer.strip()
