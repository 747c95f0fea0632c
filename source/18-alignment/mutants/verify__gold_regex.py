"""The gold answer is taken for a pattern."""
import re


def parse(text):
    text = text.strip()
    tags = ["<think>", "</think>", "<answer>", "</answer>"]
    if any(text.count(t) != 1 for t in tags):
        return None
    at = [text.index(t) for t in tags]
    if at[0] != 0 or not (at[0] < at[1] < at[2] < at[3]) or at[3] + len(tags[3]) != len(text):
        return None
    if text[at[1] + len(tags[1]):at[2]].strip():
        return None
    return text[at[2] + len(tags[2]):at[3]].strip() or None


def verify(text, gold, form=0.1):
    got = parse(text)
    if got is None:
        return 0.0
    return 1.0 if re.fullmatch(gold.strip(), got) else float(form)
