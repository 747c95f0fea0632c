"""A split at the tags gives exactly nine pieces."""

import re


def parse(text):
    pieces = re.split(r"(</?(?:think|answer)>)", text)
    if pieces[1::2] != ["<think>", "</think>", "<answer>", "</answer>"]:
        return None
    if (pieces[0] + pieces[4] + pieces[8]).strip():
        return None
    answer = pieces[6].strip()
    return answer if answer else None


def verify(text, gold, form=0.1):
    got = parse(text)
    if got is None:
        return 0.0
    if got == gold.strip():
        return 1.0
    return form
