"""Numbers in square brackets in a passage are taken for citations and do not count."""
import re


CITED = re.compile(r"\[ *[0-9]+ *(?:, *[0-9]+ *)*\]")


def plain(text):
    return " ".join(text.split()).replace("[", "(").replace("]", ")")


def grounded_prompt(question, passages):
    if not passages:
        raise ValueError("no passages")
    lines = [f"[{i}] {plain(p)}" for i, p in enumerate(passages, 1)]
    return "\n".join([RULES, "", *lines, "", f"Question: {plain(question)}"])


def check_citations(answer, passages):
    cited, unknown, uncited, unsupported = set(), set(), [], []
    if answer.strip() == ABSTAIN:
        return {"cited": [], "unknown": [], "uncited": [], "unsupported": []}
    known = [numbers(CITED.sub("", p)) for p in passages]
    for s, sentence in enumerate(sentences(answer)):
        here = {int(n) for group in CITED.findall(sentence) for n in re.findall("[0-9]+", group)}
        good = {n for n in here if 1 <= n <= len(passages)}
        cited |= good
        unknown |= here - good
        if not good:
            uncited.append(s)
        support = set().union(*(known[n - 1] for n in good))
        if numbers(CITED.sub("", sentence)) - support:
            unsupported.append(s)
    return {"cited": sorted(cited), "unknown": sorted(unknown), "uncited": uncited, "unsupported": unsupported}
