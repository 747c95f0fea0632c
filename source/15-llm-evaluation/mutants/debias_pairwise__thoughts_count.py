"""Thoughts are read like the answer."""
import re


def judge_parse(text):
    spoken = text
    found = re.findall(r"\[\[[ \t\r\n]*([ABCabc])[ \t\r\n]*\]\]", spoken)
    return {"A": "A", "B": "B", "C": "tie"}[found[-1].upper()] if found else "invalid"
