"""A thought that never ends is read."""
import re


def judge_parse(text):
    spoken = re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL)
    found = re.findall(r"\[\[[ \t\r\n]*([ABCabc])[ \t\r\n]*\]\]", spoken)
    return {"A": "A", "B": "B", "C": "tie"}[found[-1].upper()] if found else "invalid"
