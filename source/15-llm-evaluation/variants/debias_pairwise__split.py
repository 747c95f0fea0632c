"""Without regular expressions."""


def judge_parse(text):
    spoken = ""
    while "<think>" in text:
        before, _, rest = text.partition("<think>")
        spoken += before
        _, _, text = rest.partition("</think>")
    spoken += text
    verdict, at = "invalid", spoken.find("[[")
    while at >= 0:
        end = spoken.find("]]", at)
        if end < 0:
            break
        inner = spoken[at + 2:end].strip(" \t\r\n")
        if inner.upper() in ("A", "B", "C") and len(inner) == 1:
            verdict = {"A": "A", "B": "B", "C": "tie"}[inner.upper()]
        at = spoken.find("[[", at + 1)
    return verdict
