"""What stands before a lone end tag is taken for a thought."""
import re


def judge_parse(text):
    text = re.sub(r"<think>.*?(</think>|\Z)", "", text, flags=re.S)
    text = text.split("</think>")[-1]
    found = re.findall(r"\[\[[ \t\r\n]*([ABCabc])[ \t\r\n]*\]\]", text)
    if not found:
        return "invalid"
    return {"A": "A", "B": "B", "C": "tie"}[found[-1].upper()]
